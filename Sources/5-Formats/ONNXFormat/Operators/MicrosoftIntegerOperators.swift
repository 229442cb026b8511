import FileIO
import ModelIR

/// What ONNX Runtime writes for products of integers whose results are real numbers, under the domain com.microsoft.
///
/// Source: onnxruntime/docs/ContribOperators.md.
enum MicrosoftIntegerOperators {
  static let handlers: [OperatorHandler] = [
    MicrosoftOperators.handler("MatMulIntegerToFloat") { (node, graph) throws(ScaleNetError) in
      try node.requireInputs(atMost: 7)
      let result = try product(
        node, [0, 4, 2], [1, 5, 3], bias: try graph.optionalOperand(node, 6), &graph)
      try graph.add(node, .identity(Identity()), [result])
    },
    MicrosoftOperators.handler("DynamicQuantizeMatMul", readDynamicProduct),
    MicrosoftOperators.handler("DynamicQuantizeLSTM", readDynamicLSTM),
    MicrosoftOperators.handler("QGemm", readQuantizedGemm),
    MicrosoftOperators.handler("MatMulNBits", readBlockProduct),
  ]

  // MARK: Products of integers

  /// An operand of a product of integers.
  private struct Factor {
    var values: Operand
    let zero: Operand?
    let scale: Operand
  }

  /// The product of two inputs, each with its zero point and scale, as real numbers. The inputs are told by their numbers.
  static func product(
    _ node: NodeReader, _ left: [Int], _ right: [Int], bias: Operand?, _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand {
    var factors: [Factor] = []
    for part in [left, right] {
      factors.append(
        Factor(
          values: try graph.operand(node, part[0]), zero: try graph.optionalOperand(node, part[1]),
          scale: try graph.operand(node, part[2])))
    }
    return try product(node, factors, bias: bias, &graph)
  }

  private static func product(
    _ node: NodeReader, _ factors: [Factor], sum: Operand? = nil, alpha: Float = 1, bias: Operand?,
    _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand {
    // A scale for each row of the first factor would have to be another axis of the result.
    let scale = graph.type(factors[0].scale)
    guard scale.dimensions.allSatisfy({ $0 == 1 }) else {
      throw node.failure("input a_scale", expected: "one number", found: "\(scale)")
    }
    let inputs = [factors[0].values, factors[1].values, factors[0].zero, factors[1].zero]
    var integers = try graph.step(
      node, "integers", .matMulInteger(MatMulInteger()), inputs.droppingLastNil())
    if let sum { integers = try graph.step(node, "sum", .binary(.add), [integers, sum]) }
    var result = try graph.step(
      node, "real", .cast(Cast(to: scale.dataType)), [integers])
    var both = try graph.step(node, "scale", .binary(.mul), [factors[0].scale, factors[1].scale])
    if alpha != 1 {
      let number = graph.constant(
        "\(node.name).alpha", Tensor([alpha], shape: []).cast(to: scale.dataType))
      both = try graph.step(node, "scale.alpha", .binary(.mul), [both, number])
    }
    result = try graph.step(node, "scaled", .binary(.mul), [result, both])
    if let bias { result = try graph.step(node, "biased", .binary(.add), [result, bias]) }
    return result
  }

  /// Inputs are A, which is quantized as its range asks for, B, its scale and zero point, and a bias.
  private static func readDynamicProduct(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 5)
    let a = try graph.steps(
      node, "a", .dynamicQuantizeLinear(DynamicQuantizeLinear()), [try graph.operand(node, 0)], count: 3)
    let b = Factor(
      values: try graph.operand(node, 1), zero: try graph.optionalOperand(node, 3),
      scale: try graph.operand(node, 2))
    let result = try product(
      node, [Factor(values: a[0], zero: a[2], scale: a[1]), b],
      bias: try graph.optionalOperand(node, 4), &graph)
    try graph.add(node, .identity(Identity()), [result])
  }

  /// A product of matrices, to whose integers those of C are added. The result stays real where no scale is there for it.
  private static func readQuantizedGemm(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let alpha = try node.float("alpha", default: 1)
    let transposes = [try node.flag("transA"), try node.flag("transB")]
    try node.requireInputs(atMost: 9)
    var factors: [Factor] = []
    for (index, transposes) in transposes.enumerated() {
      var values = try graph.operand(node, 3 * index)
      if transposes {
        let turned = Transpose(permutation: [1, 0])
        values = try graph.step(node, index == 0 ? "a" : "b", .transpose(turned), [values])
      }
      factors.append(
        Factor(
          values: values, zero: try graph.optionalOperand(node, 3 * index + 2),
          scale: try graph.operand(node, 3 * index + 1)))
    }
    let result = try product(
      node, factors, sum: try graph.optionalOperand(node, 6), alpha: alpha, bias: nil, &graph)
    guard node.input(7) != nil else {
      try graph.add(node, .identity(Identity()), [result])
      return
    }
    try MicrosoftQuantizedOperators.quantize(node, result, by: 7, &graph)
  }

  // MARK: Weights in blocks

  /// Inputs are A; B, [columns, blocks, bytes] of numbers of 2, 4 or 8 bits; for each block a scale and a zero point; and a
  /// bias. Read as DequantizeLinear in blocks.
  private static func readBlockProduct(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let bits = try node.integer("bits", default: 4)
    let blockSize = try node.requiredInteger("block_size")
    let (rows, columns) = (try node.requiredInteger("K"), try node.requiredInteger("N"))
    try node.requireZero("weight_prepacked")
    if try node.integer("accuracy_level", default: 0) == 4 {
      graph.note(
        "\(node.name.escapedForMessage): A is not rounded to eight bits, as ONNX Runtime may at accuracy_level 4"
      )
    }
    try node.requireInputs(atMost: 6)
    guard let type = [2: DataType.uint2, 4: .uint4, 8: .uint8][bits] else {
      throw node.failure("attribute bits", expected: "2, 4 or 8", found: "\(bits)")
    }
    guard (1...1 << 24).contains(rows), (1...1 << 24).contains(columns), (16...1 << 16).contains(blockSize)
    else {
      throw node.failure(
        "attributes K, N, block_size", expected: "positive numbers",
        found: "\(rows), \(columns), \(blockSize)")
    }
    let blocks = (rows + blockSize - 1) / blockSize
    guard let b = try graph.constant(node, 1, "B"), node.input(4) == nil else {
      throw node.failure("inputs", expected: "B without g_idx", found: "others")
    }
    let values = try unpacked(
      node, b, type, rows: columns, columns: blocks * blockSize, &graph, "values")
    let zeros: Tensor
    if node.input(3) != nil {
      guard let stated = try graph.constant(node, 3, "zero_points"), stated.dataType == .uint8 else {
        throw node.failure("input zero_points", expected: "constant packed integers", found: "others")
      }
      zeros = try unpacked(node, stated, type, rows: columns, columns: blocks, &graph, "zeros")
    } else {
      // The middle of the range.
      zeros = try tensor(
        node, type, [columns, blocks],
        [UInt8](repeating: 1 << UInt8(bits - 1), count: columns * blocks), graph)
    }
    let scales = try graph.step(
      node, "scales", .reshape(Reshape(shape: [columns, blocks])), [try graph.operand(node, 2)])
    var weights = try graph.step(
      node, "weights", .dequantizeLinear(DequantizeLinear(axis: 1, blockSize: blockSize)),
      [
        graph.constant("\(node.name).values", values), scales,
        graph.constant("\(node.name).zeros", zeros),
      ])
    if blocks * blockSize != rows {
      let slice = Slice(axes: [1], starts: [0], steps: [1], counts: [rows])
      weights = try graph.step(node, "rows", .slice(slice), [weights])
    }
    weights = try graph.step(node, "turned", .transpose(Transpose(permutation: [1, 0])), [weights])
    let a = try graph.operand(node, 0)
    guard let bias = try graph.optionalOperand(node, 5) else {
      try graph.add(node, .matMul(MatMul()), [a, weights])
      return
    }
    let product = try graph.step(node, "product", .matMul(MatMul()), [a, weights])
    try graph.add(node, .binary(.add), [product, bias])
  }

  /// Rows of packed integers, each of which begins with a byte of its own.
  private static func unpacked(
    _ node: NodeReader, _ known: KnownTensor, _ type: DataType, rows: Int, columns: Int,
    _ graph: inout GraphReader, _ what: String
  ) throws(ScaleNetError) -> Tensor {
    let perByte = type.packedBits.map { 8 / $0 } ?? 1
    let bytesPerRow = (columns + perByte - 1) / perByte
    guard known.dataType == .uint8, known.tensor.elementCount == rows * bytesPerRow else {
      throw node.failure(
        "packed \(what)", expected: "\(rows * bytesPerRow) bytes", found: "\(known.type)")
    }
    try graph.context.allocate(rows * columns, tensor: "\(node.name).\(what)")
    let bytes: [UInt8]
    do throws(ScaleNetError) { bytes = try known.tensor.bytes() } catch { throw node.failure(error) }
    guard let packing = ElementPacking(type) else {
      return try tensor(node, type, [rows, columns], bytes, graph)
    }
    var elements: [UInt8] = []
    elements.reserveCapacity(rows * columns)
    for row in 0..<rows {
      let part = Array(bytes[row * bytesPerRow..<(row + 1) * bytesPerRow])
      elements += packing.unpacked(part, count: columns)
    }
    return try tensor(node, type, [rows, columns], elements, graph)
  }

  private static func tensor(
    _ node: NodeReader, _ type: DataType, _ shape: TensorShape, _ elements: [UInt8], _ graph: GraphReader
  ) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      return try Tensor(type, shape, storage: .copying(elements, origin: graph.path))
    } catch { throw node.failure(error) }
  }

  // MARK: LSTM

  /// An LSTM whose weights are integers, and whose input and states are rounded to eight bits as their ranges ask for. W and R
  /// are [directions, inputs, gates * hidden]; inputs from 8 on are their scales and zero points.
  private static func readDynamicLSTM(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let weights = try graph.type(node, 2)
    var op = try RecurrentOperators.recurrent(
      .lstm, hiddenSize: weights.rank == 3 ? weights.dimensions[1].value ?? 0 : 0, &node)
    op.roundsStates = true
    try node.requireInputs(atMost: 12)
    let x = try graph.steps(
      node, "x", .dynamicQuantizeLinear(DynamicQuantizeLinear()), [try graph.operand(node, 0)], count: 3)
    var inputs: [Operand?] = [
      try graph.step(node, "rounded", .dequantizeLinear(DequantizeLinear()), [x[0], x[1], x[2]])
    ]
    for (index, name) in [(1, "w"), (2, "r")] {
      inputs.append(
        try dequantized(node, index, scale: 6 + 2 * index, zero: 7 + 2 * index, name, op, &graph))
    }
    for index in 3..<8 { inputs.append(try graph.optionalOperand(node, index)) }
    try graph.add(node, .recurrent(op), inputs.droppingLastNil(), count: 3)
  }

  private static func dequantized(
    _ node: NodeReader, _ index: Int, scale: Int, zero: Int, _ name: String, _ op: Recurrent,
    _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand {
    let count = op.direction.count
    var value = try graph.step(
      node, name, .cast(Cast(to: .float32)), [try graph.operand(node, index)])
    for (number, function) in [(zero, Binary.sub), (scale, .mul)] {
      guard var factor = try graph.optionalOperand(node, number) else { continue }
      let columns = graph.type(factor).dimensions == [.fixed(count)] ? 1 : 4 * op.hiddenSize
      factor = try graph.step(node, "\(name).factor\(number)", .cast(Cast(to: .float32)), [factor])
      factor = try graph.step(
        node, "\(name).wide\(number)", .reshape(Reshape(shape: [count, 1, columns])), [factor])
      value = try graph.step(node, "\(name).real\(number)", .binary(function), [value, factor])
    }
    return try graph.step(
      node, "\(name).turned", .transpose(Transpose(permutation: [0, 2, 1])), [value])
  }
}
