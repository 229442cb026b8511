import FileIO
import ModelIR

/// What ONNX Runtime's optimiser writes into files, under the domain com.microsoft: operators with the one that follows,
/// and operators on quantized numbers. They are read as the operators that they stand for.
///
/// Source: onnxruntime/docs/ContribOperators.md.
enum MicrosoftOperators {
  static let domain = "com.microsoft"

  static let handlers: [OperatorHandler] = [
    handler("FusedConv", readFusedConv), handler("FusedGemm", readFusedGemm),
    handler("FusedMatMul", readFusedMatMul), handler("TransposeMatMul", readFusedMatMul),
    handler("QuantizeLinear", QuantizationOperators.readQuantize),
    handler("DequantizeLinear", QuantizationOperators.readDequantize),
    handler("QLinearAdd") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .binary(.add), operands: 2, &graph)
    },
    handler("QLinearMul") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .binary(.mul), operands: 2, &graph)
    },
    handler("QLinearSigmoid") { (node, graph) throws(ScaleNetError) in
      try readQuantized(&node, .unary(.sigmoid), operands: 1, &graph)
    },
    handler("QLinearLeakyRelu") { (node, graph) throws(ScaleNetError) in
      let alpha = try node.float("alpha", default: 0.01)
      try readQuantized(&node, .unary(.leakyRelu(alpha: alpha)), operands: 1, &graph)
    },
    handler("QLinearGlobalAveragePool") { (node, graph) throws(ScaleNetError) in
      try readQuantizedPool(&node, &graph) { _, _ in .globalPool(.average) }
    },
    handler("QLinearAveragePool") { (node, graph) throws(ScaleNetError) in
      try readQuantizedPool(&node, &graph, averagePool)
    },
    handler("QLinearConcat", readQuantizedConcat),
    handler("Gelu") { (node, graph) throws(ScaleNetError) in
      try node.requireInputs(atMost: 1)
      try graph.add(node, .unary(.gelu(isTanh: false)), [try graph.operand(node, 0)])
    },
    handler("BiasGelu") { (node, graph) throws(ScaleNetError) in
      try readBiased(node, .gelu(isTanh: false), &graph)
    },
    handler("FastGelu") { (node, graph) throws(ScaleNetError) in
      try readBiased(node, .gelu(isTanh: true), &graph)
    },
    handler("QuickGelu") { (node, graph) throws(ScaleNetError) in
      let alpha = try node.float("alpha", default: 1.702)
      try node.requireInputs(atMost: 1)
      try graph.add(node, .unary(.swish(alpha: alpha)), [try graph.operand(node, 0)])
    },
    handler("SkipLayerNormalization", readSkipLayerNormalization),
  ]

  private static func handler(_ name: String, _ read: @escaping OperatorHandler.Read) -> OperatorHandler {
    OperatorHandler(name, since: 1, domain: domain, read)
  }

  // MARK: Activations that follow

  /// The function that the attribute `activation` names; nil for none.
  private static func activation(_ node: inout NodeReader, parameters: String) throws(ScaleNetError) -> Unary?
  {
    let name = try node.string("activation", default: "")
    let numbers = try node.floats(parameters) ?? []
    func number(_ index: Int, _ standard: Float) -> Float {
      index < numbers.count ? numbers[index] : standard
    }
    switch name {
    case "": return nil
    case "Relu": return .relu
    case "Tanh": return .tanh
    case "Sigmoid": return .sigmoid
    case "LeakyRelu": return .leakyRelu(alpha: number(0, 0.01))
    case "Clip": return .clip(minimum: number(0, -.infinity), maximum: number(1, .infinity))
    case "HardSigmoid": return .hardSigmoid(alpha: number(0, 0.2), beta: number(1, 0.5))
    default:
      throw node.failure(
        "attribute activation", expected: "Relu, Tanh, Sigmoid, LeakyRelu, Clip or HardSigmoid", found: name)
    }
  }

  /// A convolution, the sum with input Z where there is one, and an activation.
  private static func readFusedConv(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let activation = try activation(&node, parameters: "activation_params")
    let (window, group) = try ConvolutionOperators.attributes(
      &node, try graph.type(node, 0), weights: try graph.type(node, 1))
    try node.requireInputs(atMost: 4)
    let inputs = try graph.weights(node)
    var result = try graph.step(
      node, "conv", .conv(Conv(window: window, group: group)), Array(inputs.prefix(3)).droppingLastNil())
    if inputs.count > 3, let sum = inputs[3] {
      result = try graph.step(node, "sum", .binary(.add), [result, sum])
    }
    try graph.add(node, activation.map { .unary($0) } ?? .identity(Identity()), [result])
  }

  private static func readFusedGemm(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let name = try node.string("activation", default: "")
    let alpha = try node.float("activation_alpha")
    let beta = try node.float("activation_beta")
    node.ignore("activation_gamma")
    let op = Gemm(
      alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
      transA: try node.flag("transA"), transB: try node.flag("transB"))
    let function: Unary
    switch name {
    case "Relu": function = .relu
    case "Tanh": function = .tanh
    case "Sigmoid": function = .sigmoid
    case "LeakyRelu": function = .leakyRelu(alpha: alpha ?? 0.01)
    case "HardSigmoid": function = .hardSigmoid(alpha: alpha ?? 0.2, beta: beta ?? 0.5)
    default:
      throw node.failure(
        "attribute activation", expected: "Relu, Tanh, Sigmoid, LeakyRelu or HardSigmoid", found: name)
    }
    try node.requireInputs(atMost: 3)
    let product = try graph.step(node, "gemm", .gemm(op), try graph.weights(node))
    try graph.add(node, .unary(function), [product])
  }

  /// alpha * op(A) * op(B), where op transposes the last two axes.
  private static func readFusedMatMul(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let alpha = try node.float("alpha", default: 1)
    let transposes = [try node.flag("transA"), try node.flag("transB")]
    for name in ["transBatchA", "transBatchB"] { try node.requireZero(name) }
    try node.requireInputs(atMost: 2)
    var inputs: [Operand?] = []
    for (index, transposes) in transposes.enumerated() {
      var operand = try graph.operand(node, index)
      let rank = graph.type(operand).rank
      if transposes, rank >= 2 {
        let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
        operand = try graph.step(
          node, index == 0 ? "a" : "b", .transpose(Transpose(permutation: order)), [operand])
      }
      inputs.append(operand)
    }
    guard alpha != 1 else {
      try graph.add(node, .matMul(MatMul()), inputs)
      return
    }
    let product = try graph.step(node, "product", .matMul(MatMul()), inputs)
    let type = graph.type(product).dataType
    let factor = graph.constant("\(node.name).alpha", Tensor([alpha], shape: []).cast(to: type))
    try graph.add(node, .binary(.mul), [product, factor])
  }

  private static func readBiased(
    _ node: NodeReader, _ function: Unary, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    var input = try graph.operand(node, 0)
    if let bias = try graph.optionalOperand(node, 1) {
      input = try graph.step(node, "sum", .binary(.add), [input, bias])
    }
    try graph.add(node, .unary(function), [input])
  }

  /// LayerNormalization of input + skip + bias along the last axis; the sum is the fourth output.
  private static func readSkipLayerNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let epsilon = try node.float("epsilon", default: 1e-12)
    try node.requireInputs(atMost: 5)
    let first = try graph.operand(node, 0)
    var sum = try graph.step(node, "sum", .binary(.add), [first, try graph.operand(node, 1)])
    if let bias = try graph.optionalOperand(node, 4) {
      sum = try graph.step(node, "biased", .binary(.add), [sum, bias])
    }
    for index in [1, 2] { try graph.leaveOut(node, output: index, because: "a result of training") }
    if node.message.outputs.count > 3, !node.message.outputs[3].isEmpty {
      try graph.addPart(node, .identity(Identity()), [sum], output: node.message.outputs[3])
    }
    let op = LayerNormalization(axis: graph.type(sum).rank - 1, epsilon: epsilon)
    let inputs: [Operand?] = [sum, try graph.weight(node, 2), try graph.weight(node, 3)]
    try graph.add(
      node, .layerNormalization(op), inputs.droppingLastNil(), output: try node.firstOutput())
  }

  // MARK: Quantized numbers

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
  private static func quantize(
    _ node: NodeReader, _ value: Operand, by index: Int, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let inputs: [Operand?] = [
      value, try graph.operand(node, index), try graph.optionalOperand(node, index + 1),
    ]
    try graph.add(
      node, .quantizeLinear(QuantizeLinear(outputType: try graph.type(node, 0).dataType)),
      inputs.droppingLastNil())
  }

  /// A pool, whose channels may be the last axis.
  private static func readQuantizedPool(
    _ node: inout NodeReader, _ graph: inout GraphReader,
    _ pool: (inout NodeReader, TensorType) throws(ScaleNetError) -> Operator
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 5)
    let isLast = try node.flag("channels_last")
    var value = try dequantized(node, from: 0, &graph)
    let rank = graph.type(value).rank
    guard rank > 2 else {
      throw node.failure("input X", expected: "rank 3 or more", found: "\(graph.type(value))")
    }
    if isLast {
      let first = Transpose(permutation: [0, rank - 1] + Array(1..<rank - 1))
      value = try graph.step(node, "channels_first", .transpose(first), [value])
    }
    value = try graph.step(node, "result", try pool(&node, graph.type(value)), [value])
    if isLast {
      let last = Transpose(permutation: [0] + Array(2..<rank) + [1])
      value = try graph.step(node, "channels_last", .transpose(last), [value])
    }
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
}

extension [Operand?] {
  /// Without inputs at the end that are left out.
  fileprivate func droppingLastNil() -> [Operand?] {
    var result = self
    while let last = result.last, last == nil { result.removeLast() }
    return result
  }
}
