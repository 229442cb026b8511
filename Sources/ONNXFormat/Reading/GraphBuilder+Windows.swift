import ModelIR

extension GraphBuilder {
  mutating func addConv(_ node: inout NodeReader) throws(ONNXError) {
    let weights = try type(node, 1)
    guard weights.rank == 4 else {
      throw node.failure("input W", expected: "rank 4", found: "\(weights)")
    }
    let kernel = try node.integers("kernel_shape") ?? weights.dimensions[2...].map { $0.value ?? 0 }
    let window = try window(&node, kernel: kernel)
    let group = try node.integer("group", default: 1)
    try node.requireInputs(atMost: 3)
    var inputs: [ValueID?] = [try value(node, 0), try value(node, 1)]
    if let bias = try optionalValue(node, 2) { inputs.append(bias) }
    try add(node, .conv(Conv(window: window, group: group)), inputs: inputs)
  }

  mutating func addMaxPool(_ node: inout NodeReader) throws(ONNXError) {
    let window = try window(&node, kernel: try kernel(&node))
    let ceilMode = opset >= 10 ? try node.flag("ceil_mode") : false
    if opset >= 8 { try node.requireZero("storage_order") }
    try node.requireInputs(atMost: 1)
    try add(node, .maxPool(MaxPool(window: window, ceilMode: ceilMode)), inputs: [try value(node, 0)])
  }

  mutating func addAveragePool(_ node: inout NodeReader) throws(ONNXError) {
    let window = try window(&node, kernel: try kernel(&node))
    let ceilMode = opset >= 10 ? try node.flag("ceil_mode") : false
    let countIncludePad = try node.flag("count_include_pad")
    try node.requireInputs(atMost: 1)
    let op = AveragePool(window: window, ceilMode: ceilMode, countIncludePad: countIncludePad)
    try add(node, .averagePool(op), inputs: [try value(node, 0)])
  }

  private func kernel(_ node: inout NodeReader) throws(ONNXError) -> [Int] {
    guard let kernel = try node.integers("kernel_shape") else {
      throw node.failure("attribute kernel_shape", expected: "a value", found: "none")
    }
    return kernel
  }

  /// The window that the attributes of a convolution or pool describe.
  private func window(_ node: inout NodeReader, kernel: [Int]) throws(ONNXError) -> Window {
    let strides = try node.integers("strides") ?? [1, 1]
    let dilations = try node.integers("dilations") ?? [1, 1]
    let pads = try node.integers("pads")
    let automatic = try node.string("auto_pad", default: "NOTSET")
    for (name, values) in [("kernel_shape", kernel), ("strides", strides), ("dilations", dilations)] {
      guard values.count == 2, values.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else {
        throw node.failure("attribute \(name)", expected: "2 positive numbers", found: "\(values)")
      }
    }
    var window = Window(kernel: kernel, strides: strides, dilations: dilations)
    switch automatic {
    case "NOTSET": window.pads = pads ?? [0, 0, 0, 0]
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      let x = try type(node, 0)
      guard x.rank == 4 else { throw node.failure("input X", expected: "rank 4", found: "\(x)") }
      for axis in 0..<2 {
        guard let extent = x.dimensions[axis + 2].value, extent < 1 << 40 else {
          throw node.failure("input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
        }
        // So much that the output has ceil(extent / stride) elements; an odd one goes to the end, or to the beginning.
        let count = (extent + strides[axis] - 1) / strides[axis]
        let reach = dilations[axis] * (kernel[axis] - 1) + 1
        let total = max((count - 1) * strides[axis] + reach - extent, 0)
        let smaller = total / 2
        window.pads[axis] = automatic == "SAME_UPPER" ? smaller : total - smaller
        window.pads[axis + 2] = total - window.pads[axis]
      }
    default:
      throw node.failure(
        "attribute auto_pad", expected: "NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: automatic)
    }
    if automatic != "NOTSET", let pads, pads.contains(where: { $0 != 0 }) {
      throw node.failure("attribute pads", expected: "none beside auto_pad", found: "\(pads)")
    }
    return window
  }
}
