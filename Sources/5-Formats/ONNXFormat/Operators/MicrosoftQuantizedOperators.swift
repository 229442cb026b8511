import FileIO
import ModelIR

/// What ONNX Runtime writes for operators on quantized numbers, under the domain com.microsoft. They are read as the operators
/// on real numbers that they stand for, between DequantizeLinear and QuantizeLinear, or on integers.
///
/// Source: onnxruntime/docs/ContribOperators.md.
enum MicrosoftQuantizedOperators {
  static let handlers: [OperatorHandler] = [
    MicrosoftOperators.handler("QLinearAdd") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .binary(.add), operands: 2, &graph)
    },
    MicrosoftOperators.handler("QLinearMul") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .binary(.mul), operands: 2, &graph)
    },
    MicrosoftOperators.handler("QLinearSigmoid") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .unary(.sigmoid), operands: 1, &graph)
    },
    MicrosoftOperators.handler("QLinearLeakyRelu") { (node, graph) throws(ScaleNetError) in
      let alpha = try node.float("alpha", default: 0.01)
      try readQuantized(&node, .unary(.leakyRelu(alpha: alpha)), operands: 1, &graph)
    },
    MicrosoftOperators.handler("QLinearGlobalAveragePool") { (node, graph) throws(ScaleNetError) in
      try readQuantizedPool(&node, &graph) { _, _ in .globalPool(.average) }
    },
    MicrosoftOperators.handler("QLinearAveragePool") { (node, graph) throws(ScaleNetError) in
      try readQuantizedPool(&node, &graph, averagePool)
    },
    MicrosoftOperators.handler("QLinearConcat", readQuantizedConcat),
    MicrosoftOperators.handler("QLinearSoftmax", readQuantizedSoftmax),
    MicrosoftOperators.handler("QLinearReduceMean", readQuantizedMean),
    MicrosoftOperators.handler("QLinearWhere", readQuantizedWhere),
    MicrosoftOperators.handler("QLinearConv", readQuantizedConv),
    MicrosoftOperators.handler("NhwcMaxPool", readMaxPool),
  ]

  /// An operator on quantized operands, three inputs each, whose result is quantized by the last two inputs.
  private static func readQuantized(
    _ node: inout NodeReader, _ op: Operator, operands: Int, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 3 * operands + 2)
    var values: [Operand?] = []
    for index in 0..<operands { values.append(try dequantized(node, from: 3 * index, &graph)) }
    let result = try graph.step(node, "result", op, values)
    try quantize(node, result, by: 3 * operands, &graph)
  }

  /// The real numbers of inputs x, x_scale and x_zero_point.
  private static func dequantized(
    _ node: NodeReader, from index: Int, _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand {
    let inputs: [Operand?] = [
      try graph.operand(node, index), try graph.operand(node, index + 1),
      try graph.optionalOperand(node, index + 2),
    ]
    return try graph.step(
      node, "real\(index)", .dequantizeLinear(DequantizeLinear()), inputs.droppingLastNil())
  }

  /// Gives the node's output: a value quantized by inputs y_scale and y_zero_point.
  static func quantize(
    _ node: NodeReader, _ value: Operand, by index: Int, type: DataType? = nil, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let outputType: DataType
    if let type { outputType = type } else { outputType = try graph.type(node, 0).dataType }
    let inputs: [Operand?] = [
      value, try graph.operand(node, index), try graph.optionalOperand(node, index + 1),
    ]
    try graph.add(
      node, .quantizeLinear(QuantizeLinear(outputType: outputType)), inputs.droppingLastNil())
  }

  /// A pool, whose channels may be the last axis.
  private static func readQuantizedPool(
    _ node: inout NodeReader, _ graph: inout GraphReader,
    _ pool: (inout NodeReader, TensorType) throws(ScaleNetError) -> Operator
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 5)
    let isLast = try node.flag("channels_last")
    var value = try dequantized(node, from: 0, &graph)
    guard graph.type(value).rank > 2 else {
      throw node.failure("input X", expected: "rank 3 or more", found: "\(graph.type(value))")
    }
    if isLast { value = try graph.channelsFirst(node, value) }
    value = try graph.step(node, "result", try pool(&node, graph.type(value)), [value])
    if isLast { value = try graph.channelsLast(node, value) }
    try quantize(node, value, by: 3, &graph)
  }

  private static func averagePool(
    _ node: inout NodeReader, _ x: TensorType
  ) throws(ScaleNetError) -> Operator {
    guard let kernel = try node.integers("kernel_shape") else {
      throw node.failure("attribute kernel_shape", expected: "a value", found: "none")
    }
    let window = try node.window(kernel: kernel, x: x)
    return .averagePool(
      AveragePool(
        window: window, ceilMode: try node.flag("ceil_mode"),
        countIncludePad: try node.flag("count_include_pad")))
  }

  /// Inputs y_scale and y_zero_point, and then three for each part.
  private static func readQuantizedConcat(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let stated = try node.requiredInteger("axis")
    var parts: [Operand?] = []
    for index in stride(from: 2, to: node.message.inputs.count - 2, by: 3) {
      parts.append(try dequantized(node, from: index, &graph))
    }
    guard let first = parts.first, let first else {
      throw node.failure("inputs", expected: "at least 5", found: "\(node.message.inputs.count)")
    }
    let axis = try node.axis(stated, rank: graph.type(first).rank)
    let joined = try graph.step(node, "joined", .concat(Concat(axis: axis)), parts)
    let inputs: [Operand?] = [joined, try graph.operand(node, 0), try graph.optionalOperand(node, 1)]
    try graph.add(
      node, .quantizeLinear(QuantizeLinear(outputType: try graph.type(node, 2).dataType)),
      inputs.droppingLastNil())
  }

  /// Up to opset 12, which an attribute tells, Softmax runs over all axes from its own on.
  private static func readQuantizedSoftmax(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let opset = try node.requiredInteger("opset")
    let stated = try node.integer("axis", default: opset < 13 ? 1 : -1)
    try node.requireInputs(atMost: 5)
    let value = try dequantized(node, from: 0, &graph)
    let type = graph.type(value)
    let axis = try node.axis(stated, rank: type.rank)
    guard opset < 13, type.dimensions[(axis + 1)...].contains(where: { $0 != 1 }) else {
      let result = try graph.step(node, "result", .softmax(Softmax(axis: axis)), [value])
      try quantize(node, result, by: 3, &graph)
      return
    }
    let rows = try graph.step(node, "rows", .flatten(Flatten(axis: axis)), [value])
    let softmax = try graph.step(node, "softmax", .softmax(Softmax(axis: 1)), [rows])
    let result = try graph.step(
      node, "result", .reshape(try ShapeOperators.reshape(to: type, node)), [softmax])
    try quantize(node, result, by: 3, &graph)
  }

  private static func readQuantizedMean(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let stated = try node.integers("axes") ?? []
    let keepsAxes = try node.flag("keepdims", default: true)
    try node.requireInputs(atMost: 5)
    let value = try dequantized(node, from: 0, &graph)
    let rank = graph.type(value).rank
    let axes = try node.axes(stated, rank: rank).sorted()
    let op = Reduce(.mean, axes: axes.isEmpty ? Array(0..<rank) : axes, keepsAxes: keepsAxes)
    let result = try graph.step(node, "result", .reduce(op), [value])
    try quantize(node, result, by: 3, &graph)
  }

  /// Inputs are the condition, X and Y with scales and zero points, and those of the result.
  private static func readQuantizedWhere(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 9)
    let values: [Operand?] = [
      try graph.operand(node, 0), try dequantized(node, from: 1, &graph),
      try dequantized(node, from: 4, &graph),
    ]
    let result = try graph.step(node, "result", .where(Where()), values)
    try quantize(node, result, by: 7, type: try graph.type(node, 1).dataType, &graph)
  }

  /// ONNX's QLinearConv, with the channels of x and y first or last. The weights are the same.
  private static func readQuantizedConv(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let isLast = try node.flag("channels_last")
    var inputs = try graph.operands(node)
    guard let x = inputs[0] else { throw node.failure("input x", expected: "a value", found: "none") }
    if isLast { inputs[0] = try graph.channelsFirst(node, x) }
    let (window, group) = try ConvolutionOperators.attributes(
      &node, graph.type(inputs[0] ?? x), weights: try graph.type(node, 3))
    try node.requireInputs(atMost: 9)
    let op = Operator.qLinearConv(QLinearConv(window: window, group: group))
    guard isLast else {
      try graph.add(node, op, inputs)
      return
    }
    try graph.addChannelsLast(node, try graph.step(node, "conv", op, inputs))
  }

  private static func readMaxPool(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    guard let kernel = try node.integers("kernel_shape") else {
      throw node.failure("attribute kernel_shape", expected: "a value", found: "none")
    }
    try node.requireInputs(atMost: 1)
    let x = try graph.channelsFirst(node, try graph.operand(node, 0))
    let window = try node.window(kernel: kernel, x: graph.type(x))
    let op = MaxPool(window: window, ceilMode: try node.flag("ceil_mode"))
    try graph.addChannelsLast(node, try graph.step(node, "pool", .maxPool(op), [x]))
  }
}
