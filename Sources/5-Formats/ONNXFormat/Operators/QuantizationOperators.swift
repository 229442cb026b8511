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
    // 8-bit floats alone saturate.
    node.ignore("saturate")
    node.ignore("precision")
    let (outputType, stated) = try node.dataTypeOrNarrow("output_dtype")
    try node.requireInputs(atMost: 3)
    let op = QuantizeLinear(axis: axis, blockSize: blockSize, outputType: outputType ?? .uint8)
    let zeroPoint = try graph.optionalOperand(node, 2)
    let narrow = stated ?? zeroPoint.flatMap { graph.narrow[$0] }
    guard let narrow else {
      try graph.add(node, .quantizeLinear(op), try graph.operands(node))
      return
    }
    let wide = try graph.step(node, "wide", .quantizeLinear(op), try graph.operands(node))
    try limit(node, wide, to: narrow, &graph)
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

  /// Gives the node's output: integers limited to the range of a type of fewer bits.
  static func limit(
    _ node: NodeReader, _ wide: Operand, to narrow: NarrowInteger, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let limits = [narrow.range.minimum, narrow.range.maximum]
    var inputs: [Operand?] = [wide]
    for (name, value) in zip(["least", "greatest"], limits) {
      inputs.append(graph.constant("\(node.name).\(name)", try narrow.limit(value)))
    }
    let output = try node.output()
    try graph.add(node, .computed(.clip), inputs, output: output)
    if let operand = graph.scope.operand(output) { graph.narrow[operand] = narrow }
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
