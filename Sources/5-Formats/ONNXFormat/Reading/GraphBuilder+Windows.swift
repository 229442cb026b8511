import FileIO
import ModelIR

/// What the attributes of a convolution or pool say, for any number of spatial axes.
struct SpatialWindow {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// What is added before each axis, then after each axis.
  var pads: [Int]

  var rank: Int { kernel.count }

  /// The window over two axes; nil stands for an axis of extent 1 that the file does not have.
  func planar(_ height: Int?, _ width: Int?) -> Window {
    func part(_ values: [Int], _ axis: Int?, _ standard: Int) -> Int { axis.map { values[$0] } ?? standard }
    let axes = [height, width]
    return Window(
      kernel: axes.map { part(kernel, $0, 1) }, strides: axes.map { part(strides, $0, 1) },
      pads: axes.map { part(pads, $0, 0) } + axes.map { part(pads, $0.map { $0 + rank }, 0) },
      dilations: axes.map { part(dilations, $0, 1) })
  }
}

extension GraphBuilder {
  /// A convolution over one axis is one over two, the first of extent 1.
  mutating func addConv(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let weights = try type(node, 1)
    guard weights.rank == 3 || weights.rank == 4, x.rank == weights.rank else {
      throw node.failure("input W", expected: "rank 3 or 4, as X", found: "\(weights) for \(x)")
    }
    let kernel = try node.integers("kernel_shape") ?? weights.dimensions[2...].map { $0.value ?? 0 }
    let window = try window(&node, kernel: kernel, x: x)
    let group = try node.integer("group", default: 1)
    try node.requireInputs(atMost: 3)
    var inputs = try self.weights(node)
    guard weights.rank == 3 else {
      try add(node, .conv(Conv(window: window.planar(0, 1), group: group)), inputs: inputs)
      return
    }
    guard inputs.count > 1, let weight = inputs[1] else {
      throw node.failure("input W", expected: "a value", found: "none")
    }
    inputs[0] = try addStep(
      node, "plane", .reshape(try Self.reshape(to: Self.plane(x), node)), inputs: [inputs[0]])
    if let tensor = graph.initializer(weight), let plane = tensor.reshaped(Self.plane(tensor.shape)) {
      inputs[1] = try addConstant("\(graph[weight].name).plane", plane)
    } else {
      let plane = try Self.reshape(to: Self.plane(weights), node)
      inputs[1] = try addStep(node, "kernel", .reshape(plane), inputs: [weight])
    }
    let conv = try addStep(
      node, "conv", .conv(Conv(window: window.planar(nil, 0), group: group)), inputs: inputs)
    try addLine(node, conv)
  }

  /// [N, C, L] as [N, C, 1, L].
  private static func plane(_ type: TensorType) -> TensorType {
    TensorType(type.dataType, [type.dimensions[0], type.dimensions[1], 1, type.dimensions[2]])
  }

  private static func plane(_ shape: TensorShape) -> TensorShape { [shape[0], shape[1], 1, shape[2]] }

  /// Adds the node's output [N, C, L] as a Reshape of [N, C, 1, L].
  private mutating func addLine(_ node: NodeReader, _ plane: ValueID) throws(ScaleNetError) {
    var type = graph[plane].type
    type.dimensions.remove(at: 2)
    try add(node, .reshape(try Self.reshape(to: type, node)), inputs: [plane])
  }

  mutating func addPool(_ node: inout NodeReader) throws(ScaleNetError) {
    guard let kernel = try node.integers("kernel_shape") else {
      throw node.failure("attribute kernel_shape", expected: "a value", found: "none")
    }
    let x = try type(node, 0)
    let window = try window(&node, kernel: kernel, x: x)
    let ceilMode = opset >= 10 ? try node.flag("ceil_mode") : false
    let isMaximum = node.message.op == "MaxPool"
    var countIncludePad = false
    if isMaximum {
      if opset >= 8 { try node.requireZero("storage_order") }
      try leaveOut(node, output: 1, because: "as positions of maxima are not computed")
    } else {
      countIncludePad = try node.flag("count_include_pad")
    }
    try node.requireInputs(atMost: 1)
    func op(_ window: Window) -> Operator {
      isMaximum
        ? .maxPool(MaxPool(window: window, ceilMode: ceilMode))
        : .averagePool(
          AveragePool(window: window, ceilMode: ceilMode, countIncludePad: countIncludePad))
    }
    let input = try value(node, 0)
    switch x.rank {
    case 4:
      try add(node, op(window.planar(0, 1)), inputs: [input], output: try node.firstOutput())
    case 3:
      let plane = try addStep(
        node, "plane", .reshape(try Self.reshape(to: Self.plane(x), node)), inputs: [input])
      let pooled = try addStep(node, "pool", op(window.planar(nil, 0)), inputs: [plane])
      var type = graph[pooled].type
      type.dimensions.remove(at: 2)
      try add(
        node, .reshape(try Self.reshape(to: type, node)), inputs: [pooled], output: try node.firstOutput())
    case 5:
      // What lies under a window is a box, so the maximum, and the mean, is that over depth of those of the planes.
      let fixed = x.dimensions[1...].compactMap(\.value)
      guard fixed.count == 4, TensorShape(checking: fixed) != nil else {
        throw node.failure("input X", expected: "known extents behind the first", found: "\(x)")
      }
      let planes = try addStep(
        node, "planes", .reshape(Reshape(shape: [0, fixed[0] * fixed[1], fixed[2], fixed[3]])),
        inputs: [input])
      let pooled = try addStep(node, "planes.pool", op(window.planar(1, 2)), inputs: [planes])
      let sides = graph[pooled].type.dimensions[2...].map { $0.value ?? 0 }
      let columns = try addStep(
        node, "columns", .reshape(Reshape(shape: [0, fixed[0], fixed[1], sides[0] * sides[1]])),
        inputs: [pooled])
      let boxes = try addStep(node, "columns.pool", op(window.planar(0, nil)), inputs: [columns])
      let depth = graph[boxes].type.dimensions[2].value ?? 0
      try add(
        node, .reshape(Reshape(shape: [0, fixed[0], depth] + sides)), inputs: [boxes],
        output: try node.firstOutput())
    default:
      throw node.failure("input X", expected: "rank 3, 4 or 5", found: "\(x)")
    }
  }

  /// GlobalAveragePool and GlobalMaxPool of any number of spatial axes: they are one row to it.
  mutating func addGlobalPool(_ node: NodeReader, _ op: Operator) throws(ScaleNetError) {
    try node.requireInputs(atMost: 1)
    let x = try type(node, 0)
    let input = try value(node, 0)
    guard x.rank != 4 else {
      try add(node, op, inputs: [input])
      return
    }
    let spatial = x.dimensions.dropFirst(2).compactMap(\.value)
    guard x.rank > 2, spatial.count == x.rank - 2, let shape = TensorShape(checking: spatial) else {
      throw node.failure("input X", expected: "known extents behind the second", found: "\(x)")
    }
    let row = try addStep(
      node, "row", .reshape(Reshape(shape: [0, 0, 1, shape.elementCount])), inputs: [input])
    let pooled = try addStep(node, "pool", op, inputs: [row])
    let ones = [Int](repeating: 1, count: x.rank - 2)
    try add(node, .reshape(Reshape(shape: [0, 0] + ones)), inputs: [pooled])
  }

  /// The window that the attributes of a convolution or pool describe.
  private func window(
    _ node: inout NodeReader, kernel: [Int], x: TensorType
  ) throws(ScaleNetError) -> SpatialWindow {
    let rank = x.rank - 2
    guard rank > 0 else { throw node.failure("input X", expected: "rank 3 or more", found: "\(x)") }
    let ones = [Int](repeating: 1, count: rank)
    let strides = try node.integers("strides") ?? ones
    let dilations = try node.integers("dilations") ?? ones
    let pads = try node.integers("pads")
    let automatic = try node.string("auto_pad", default: "NOTSET")
    for (name, values) in [("kernel_shape", kernel), ("strides", strides), ("dilations", dilations)] {
      guard values.count == rank, values.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else {
        throw node.failure("attribute \(name)", expected: "\(rank) positive numbers", found: "\(values)")
      }
    }
    let none = [Int](repeating: 0, count: 2 * rank)
    var window = SpatialWindow(kernel: kernel, strides: strides, dilations: dilations, pads: none)
    switch automatic {
    case "NOTSET":
      window.pads = pads ?? none
      guard window.pads.count == 2 * rank else {
        throw node.failure("attribute pads", expected: "\(2 * rank) numbers", found: "\(window.pads)")
      }
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      for axis in 0..<rank {
        guard let extent = x.dimensions[axis + 2].value, extent < 1 << 40 else {
          throw node.failure("input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
            .advising(.closeExtents)
        }
        // So much that the output has ceil(extent / stride) elements; an odd one goes to the end, or to the beginning.
        let count = (extent + strides[axis] - 1) / strides[axis]
        let reach = dilations[axis] * (kernel[axis] - 1) + 1
        let total = max((count - 1) * strides[axis] + reach - extent, 0)
        let smaller = total / 2
        window.pads[axis] = automatic == "SAME_UPPER" ? smaller : total - smaller
        window.pads[axis + rank] = total - window.pads[axis]
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
