import FileIO
import ModelIR

/// What ONNX Runtime's optimiser writes into files, under the domain com.microsoft: operators with the one that follows. They
/// are read as the operators that they stand for.
///
/// Source: onnxruntime/docs/ContribOperators.md.
enum MicrosoftOperators {
  static let domain = "com.microsoft"

  static let handlers: [OperatorHandler] = [
    handler("FusedConv", readFusedConv), handler("FusedGemm", readFusedGemm),
    handler("FusedMatMul", readFusedMatMul), handler("TransposeMatMul", readFusedMatMul),
    handler("QuantizeLinear", QuantizationOperators.readQuantize),
    handler("DequantizeLinear", QuantizationOperators.readDequantize),
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
    handler("SkipSimplifiedLayerNormalization", readSkipLayerNormalization),
    handler("NhwcFusedConv", readFusedConv),
    handler("Trilu", AxisOperators.readTrilu),
    handler("GridSample", ImageOperators.readGridSample),
  ]

  /// An operator of the domain.
  static func handler(_ name: String, _ read: @escaping OperatorHandler.Read) -> OperatorHandler {
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

  /// A convolution, the sum with input Z where there is one, and an activation. NhwcFusedConv has the channels of X, Z and
  /// Y last.
  private static func readFusedConv(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let isLast = node.message.op == "NhwcFusedConv"
    let activation = try activation(&node, parameters: "activation_params")
    var inputs = try graph.weights(node)
    if isLast {
      for index in [0, 3] where index < inputs.count {
        guard let input = inputs[index] else { continue }
        inputs[index] = try graph.channelsFirst(node, input, "first\(index)")
      }
    }
    guard let x = inputs[0] else { throw node.failure("input X", expected: "a value", found: "none") }
    let (window, group) = try ConvolutionOperators.attributes(
      &node, graph.type(x), weights: try graph.type(node, 1))
    try node.requireInputs(atMost: 4)
    var result = try graph.step(
      node, "conv", .conv(Conv(window: window, group: group)), Array(inputs.prefix(3)).droppingLastNil())
    if inputs.count > 3, let sum = inputs[3] {
      result = try graph.step(node, "sum", .binary(.add), [result, sum])
    }
    if isLast {
      if let activation { result = try graph.step(node, "activation", .unary(activation), [result]) }
      try graph.addChannelsLast(node, result)
      return
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

  /// LayerNormalization, or without a mean, of input + skip + bias along the last axis; the sum is the fourth output.
  private static func readSkipLayerNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let isSimple = node.message.op == "SkipSimplifiedLayerNormalization"
    let epsilon = try node.float("epsilon", default: 1e-12)
    try node.requireInputs(atMost: isSimple ? 4 : 5)
    let first = try graph.operand(node, 0)
    var sum = try graph.step(node, "sum", .binary(.add), [first, try graph.operand(node, 1)])
    if let bias = try graph.optionalOperand(node, isSimple ? 3 : 4) {
      sum = try graph.step(node, "biased", .binary(.add), [sum, bias])
    }
    for index in [1, 2] { try graph.leaveOut(node, output: index, because: "a result of training") }
    if node.message.outputs.count > 3, !node.message.outputs[3].isEmpty {
      try graph.addPart(node, .identity(Identity()), [sum], output: node.message.outputs[3])
    }
    let axis = graph.type(sum).rank - 1
    let op: Operator =
      isSimple
      ? .rmsNormalization(RMSNormalization(axis: axis, epsilon: epsilon))
      : .layerNormalization(LayerNormalization(axis: axis, epsilon: epsilon))
    let inputs: [Operand?] = [
      sum, try graph.weight(node, 2), isSimple ? nil : try graph.weight(node, 3),
    ]
    try graph.add(node, op, inputs.droppingLastNil(), output: try node.firstOutput())
  }
}

extension [Operand?] {
  /// Without inputs at the end that are left out.
  func droppingLastNil() -> [Operand?] {
    var result = self
    while let last = result.last, last == nil { result.removeLast() }
    return result
  }
}

extension GraphReader {
  /// A value whose channels are the last axis, with channels behind the batch.
  mutating func channelsFirst(
    _ node: NodeReader, _ operand: Operand, _ suffix: String = "channels_first"
  ) throws(ScaleNetError) -> Operand {
    let rank = type(operand).rank
    guard rank > 2 else {
      throw node.failure("inputs", expected: "rank 3 or more", found: "\(type(operand))")
    }
    return try step(
      node, suffix, .transpose(Transpose(permutation: [0, rank - 1] + Array(1..<rank - 1))), [operand])
  }

  /// A value with its channels as the last axis.
  mutating func channelsLast(_ node: NodeReader, _ operand: Operand) throws(ScaleNetError) -> Operand {
    try step(node, "channels_last", lastChannels(operand), [operand])
  }

  /// Gives the node's output: a value with its channels as the last axis.
  mutating func addChannelsLast(_ node: NodeReader, _ operand: Operand) throws(ScaleNetError) {
    try add(node, lastChannels(operand), [operand])
  }

  private func lastChannels(_ operand: Operand) -> Operator {
    .transpose(Transpose(permutation: [0] + Array(2..<type(operand).rank) + [1]))
  }
}
