import FileIO
import ModelIR

/// Numbers as integers with a scale and a zero point.
enum QuantizationOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("QuantizeLinear", since: 10, readQuantize),
    OperatorHandler("DequantizeLinear", since: 10, readDequantize),
    OperatorHandler("DynamicQuantizeLinear", since: 11) { (node, graph) throws(ScaleNetError) in
      try node.requireInputs(atMost: 1)
      try graph.add(
        node, .dynamicQuantizeLinear(DynamicQuantizeLinear()), [try graph.operand(node, 0)], count: 3)
    },
  ]

  /// One scale for each position of an axis came with opset 13, one for each block, and a stated type, with opset 21.
  static func readQuantize(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let (axis, blockSize) = try axis(&node, graph)
    node.ignore("precision")
    let outputType = try node.dataType("output_dtype")
    let op = QuantizeLinear(
      axis: axis, blockSize: blockSize, outputType: outputType ?? .uint8,
      saturates: try node.flag("saturate", default: true))
    try node.requireInputs(atMost: 3)
    if let outputType, let zero = try graph.optionalOperand(node, 2), graph.type(zero).dataType != outputType
    {
      throw node.failure(
        "input y_zero_point", expected: "output_dtype, \(outputType.rawValue)", found: "\(graph.type(zero))")
    }
    try graph.add(node, .quantizeLinear(op), try graph.operands(node))
  }

  static func readDequantize(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let (axis, blockSize) = try axis(&node, graph)
    let outputType = try node.dataType("output_dtype")
    try node.requireInputs(atMost: 3)
    if let outputType, try graph.type(node, 1).dataType != outputType {
      throw node.failure(
        "attribute output_dtype",
        expected: "the type of x_scale, \(try graph.type(node, 1).dataType.rawValue)",
        found: outputType.rawValue)
    }
    let op = DequantizeLinear(axis: axis, blockSize: blockSize)
    try graph.add(node, .dequantizeLinear(op), try graph.operands(node))
  }

  /// An axis matters only where there are several scales.
  private static func axis(
    _ node: inout NodeReader, _ graph: GraphReader
  ) throws(ScaleNetError) -> (axis: Int, blockSize: Int) {
    let stated = try node.integer("axis", default: 1)
    let blockSize = try node.integer("block_size", default: 0)
    let rank = try graph.type(node, 0).rank
    let scale = try graph.type(node, 1)
    if scale.rank == 0 || scale.dimensions == [1] && blockSize == 0 { return (1, blockSize) }
    return (try node.axis(stated, rank: rank), blockSize)
  }

  static func write(_ op: QuantizeLinear, _ node: inout NodeWriter) throws(ScaleNetError) {
    try write(axis: op.axis, blockSize: op.blockSize, &node)
    if node.inputs.count < 3, op.outputType != .uint8 {
      try node.require(opset: 21)
      node.set("output_dtype", Int(op.outputType.onnxNumber))
    }
    if !op.saturates {
      try node.require(opset: 19)
      node.set("saturate", false)
    }
  }

  static func write(_ op: DequantizeLinear, _ node: inout NodeWriter) throws(ScaleNetError) {
    try write(axis: op.axis, blockSize: op.blockSize, &node)
  }

  private static func write(
    axis: Int, blockSize: Int, _ node: inout NodeWriter
  ) throws(ScaleNetError) {
    for index in node.inputs.indices {
      let type = node.type(index).dataType
      if type == .int16 || type == .uint16 { try node.require(opset: 21) }
      if index == 1, type != .float32 { try node.require(opset: 19) }
    }
    let isPerTensor = node.type(1).rank == 0 || node.type(1).dimensions == [1]
    if blockSize != 0 {
      try node.require(opset: 21)
      node.set("block_size", blockSize)
    } else if isPerTensor {
      return
    }
    try node.require(opset: 13)
    node.set("axis", axis)
  }
}
