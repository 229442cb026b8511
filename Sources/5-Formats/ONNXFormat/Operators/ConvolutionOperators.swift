import FileIO
import ModelIR

/// Convolutions, their transposes, and those of integers.
enum ConvolutionOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Conv", readConv), OperatorHandler("ConvTranspose", readConvTranspose),
    OperatorHandler("ConvInteger", since: 10, readConvInteger),
    OperatorHandler("QLinearConv", since: 10, readQLinearConv),
  ]

  /// A convolution over one axis is one over two, the first of extent 1.
  private static func readConv(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let (window, group) = try attributes(&node, try graph.type(node, 0), weights: try graph.type(node, 1))
    try node.requireInputs(atMost: 3)
    try addConv(node, window, group: group, try graph.weights(node), &graph)
  }

  /// Adds a convolution of inputs X, W and B as the node's output.
  static func addConv(
    _ node: NodeReader, _ window: Window, group: Int, _ inputs: [Operand?], _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    guard window.rank == 1, let x = inputs[0], let weight = inputs[1],
      graph.type(x).dimensions.dropFirst().allSatisfy({ $0.value != nil })
    else {
      try graph.add(node, .conv(Conv(window: window, group: group)), inputs)
      return
    }
    var inputs = inputs
    let plane = try ShapeOperators.reshape(to: Planes.type(graph.type(x)), node)
    inputs[0] = try graph.step(node, "plane", .reshape(plane), [x])
    if case .constant(let known, _) = graph.scope[weight], known.tensor.shape.rank == 3,
      let plane = known.tensor.reshaped(Planes.shape(known.tensor.shape))
    {
      inputs[1] = graph.constant("\(graph.scope.name(weight)).plane", plane)
    } else {
      let plane = try ShapeOperators.reshape(to: Planes.type(graph.type(weight)), node)
      inputs[1] = try graph.step(node, "kernel", .reshape(plane), [weight])
    }
    let conv = try graph.step(
      node, "conv", .conv(Conv(window: Planes.window(window, nil, 0), group: group)), inputs)
    var type = graph.type(conv)
    type.dimensions.remove(at: 2)
    try graph.add(node, .reshape(try ShapeOperators.reshape(to: type, node)), [conv])
  }

  /// The attributes that all convolutions have.
  static func attributes(
    _ node: inout NodeReader, _ x: TensorType, weights: TensorType
  ) throws(ScaleNetError) -> (window: Window, group: Int) {
    guard (3...5).contains(weights.rank), x.rank == weights.rank else {
      throw node.failure("input W", expected: "rank 3 to 5, as X", found: "\(weights) for \(x)")
    }
    let kernel = try node.integers("kernel_shape") ?? weights.dimensions[2...].map { $0.value ?? 0 }
    return (try node.window(kernel: kernel, x: x), try node.integer("group", default: 1))
  }

  /// ConvTranspose states margins, or the extents of the output, from which margins follow.
  private static func readConvTranspose(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let x = try graph.type(node, 0)
    let weights = try graph.type(node, 1)
    guard (3...5).contains(weights.rank), x.rank == weights.rank else {
      throw node.failure("input W", expected: "rank 3 to 5, as X", found: "\(weights) for \(x)")
    }
    let rank = x.rank - 2
    let kernel = try node.integers("kernel_shape") ?? weights.dimensions[2...].map { $0.value ?? 0 }
    let automatic = try node.choice("auto_pad", default: NodeReader.AutomaticPadding.none)
    let shape = try node.integers("output_shape")
    var padding = try node.integers("output_padding") ?? [Int](repeating: 0, count: rank)
    var window = try node.window(kernel: kernel, x: x)
    guard padding.count == rank else {
      throw node.failure("attribute output_padding", expected: "\(rank) numbers", found: "\(padding)")
    }
    if shape != nil || automatic == .sameUpper || automatic == .sameLower {
      guard shape == nil || shape?.count == rank || shape?.count == rank + 2 else {
        throw node.failure("attribute output_shape", expected: "\(rank) extents", found: "\(shape ?? [])")
      }
      for axis in 0..<rank {
        guard let extent = x.dimensions[axis + 2].value, extent > 0, extent < 1 << 40 else {
          throw node.failure("input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
            .advising(.closeExtents)
        }
        let wanted = shape?.suffix(rank)[shape!.count - rank + axis] ?? extent * window.strides[axis]
        guard (1...1 << 40).contains(wanted), (0...1 << 24).contains(padding[axis]) else {
          throw node.failure("attribute output_shape", expected: "extents in range", found: "\(wanted)")
        }
        let total = window.strides[axis] * (extent - 1) + padding[axis] + window.reach(axis) - wanted
        guard total >= 0 else {
          // More than the input reaches is added behind it where it is asked for. SAME takes margins away and adds none:
          // so shape inference and ONNX Runtime have it.
          if shape != nil { padding[axis] -= total }
          window.pads[axis] = 0
          window.pads[axis + rank] = 0
          continue
        }
        // An odd one goes to the end with SAME_UPPER, and to the beginning otherwise.
        let (smaller, larger) = (total / 2, total - total / 2)
        window.pads[axis] = automatic == .sameUpper ? smaller : larger
        window.pads[axis + rank] = total - window.pads[axis]
      }
    }
    let op = ConvTranspose(
      window: window, group: try node.integer("group", default: 1), outputPadding: padding)
    try node.requireInputs(atMost: 3)
    try graph.add(node, .convTranspose(op), try graph.weights(node))
  }

  private static func readConvInteger(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let (window, group) = try attributes(&node, try graph.type(node, 0), weights: try graph.type(node, 1))
    try node.requireInputs(atMost: 4)
    try graph.add(node, .convInteger(ConvInteger(window: window, group: group)), try graph.operands(node))
  }

  private static func readQLinearConv(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let (window, group) = try attributes(&node, try graph.type(node, 0), weights: try graph.type(node, 3))
    try node.requireInputs(atMost: 9)
    try graph.add(node, .qLinearConv(QLinearConv(window: window, group: group)), try graph.operands(node))
  }

  // MARK: Writing

  static func write(_ window: Window, group: Int, _ node: inout NodeWriter) {
    node.set(window)
    node.set("group", group)
  }

  static func write(_ op: ConvTranspose, _ node: inout NodeWriter) {
    write(op.window, group: op.group, &node)
    if op.outputPadding.contains(where: { $0 != 0 }) { node.set("output_padding", op.outputPadding) }
  }
}
