import FileIO
import ModelIR

/// RNN, GRU and LSTM.
enum RecurrentOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("RNN", read), OperatorHandler("GRU", read), OperatorHandler("LSTM", read),
  ]

  /// The batch comes first with `layout` 1, from opset 14.
  private static func read(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    guard let cell = Recurrent.Cell(rawValue: node.message.op) else {
      throw node.failure("op_type", expected: "RNN, GRU or LSTM", found: node.message.op)
    }
    let weights = try graph.type(node, 2)
    let op = try recurrent(cell, hiddenSize: weights.dimensions.last?.value ?? 0, &node)
    try node.requireInputs(atMost: cell == .lstm ? 8 : 6)
    try graph.add(node, .recurrent(op), try graph.weights(node), count: cell == .lstm ? 3 : 2)
  }

  /// The attributes.
  ///
  /// - Parameter hiddenSize: for what they leave out.
  static func recurrent(
    _ cell: Recurrent.Cell, hiddenSize: Int, _ node: inout NodeReader
  ) throws(ScaleNetError) -> Recurrent {
    let hiddenSize = try node.integer("hidden_size") ?? hiddenSize
    let directionName = try node.string("direction", default: "forward")
    guard let direction = Recurrent.Direction(rawValue: directionName) else {
      throw node.failure(
        "attribute direction", expected: "forward, reverse or bidirectional", found: directionName)
    }
    var activations: [Unary]?
    let alphas = try node.floats("activation_alpha") ?? []
    let betas = try node.floats("activation_beta") ?? []
    if let names = try node.strings("activations") {
      var rest = (alphas[...], betas[...])
      var functions: [Unary] = []
      for name in names { functions.append(try function(name, alphas: &rest.0, betas: &rest.1, node)) }
      activations = functions
    }
    return Recurrent(
      cell, hiddenSize: hiddenSize, direction: direction, activations: activations,
      clip: try node.float("clip"), isBatchFirst: node.opset >= 14 ? try node.flag("layout") : false,
      appliesResetAfter: cell == .gru ? try node.flag("linear_before_reset") : false,
      couplesInputForget: cell == .lstm ? try node.flag("input_forget") : false)
  }

  /// A function by its name. Its numbers are the next ones that are stated, or its own standard.
  private static func function(
    _ name: String, alphas: inout ArraySlice<Float>, betas: inout ArraySlice<Float>, _ node: NodeReader
  ) throws(ScaleNetError) -> Unary {
    switch name.lowercased() {
    case "relu": return .relu
    case "tanh": return .tanh
    case "sigmoid": return .sigmoid
    case "softsign": return .softsign
    case "softplus": return .softplus
    case "leakyrelu": return .leakyRelu(alpha: alphas.popFirst() ?? 0.01)
    case "thresholdedrelu": return .thresholdedRelu(alpha: alphas.popFirst() ?? 1)
    case "elu": return .elu(alpha: alphas.popFirst() ?? 1)
    case "hardsigmoid":
      return .hardSigmoid(alpha: alphas.popFirst() ?? 0.2, beta: betas.popFirst() ?? 0.5)
    default:
      throw node.failure(
        "attribute activations",
        expected: "Relu, Tanh, Sigmoid, Softsign, Softplus, LeakyRelu, ThresholdedRelu, Elu or HardSigmoid",
        found: name)
    }
  }

  static func write(_ op: Recurrent, _ node: inout NodeWriter) throws(ScaleNetError) {
    guard !op.roundsStates else {
      throw node.failure(
        "states", expected: "numbers, as ONNX's cells have", found: "DynamicQuantizeLSTM's, of eight bits")
    }
    node.set("hidden_size", op.hiddenSize)
    node.set("direction", op.direction.rawValue)
    if let clip = op.clip { node.set("clip", clip) }
    if op.isBatchFirst {
      try node.require(opset: 14)
      node.set("layout", true)
    }
    switch op.cell {
    case .rnn: break
    case .gru: node.set("linear_before_reset", op.appliesResetAfter)
    case .lstm: node.set("input_forget", op.couplesInputForget)
    }
    let standard = Recurrent(op.cell, hiddenSize: op.hiddenSize, direction: op.direction)
    guard op.activations != standard.activations else { return }
    var alphas: [Float] = []
    var betas: [Float] = []
    for function in op.activations {
      switch function {
      case .leakyRelu(let alpha), .thresholdedRelu(let alpha), .elu(let alpha): alphas.append(alpha)
      case .hardSigmoid(let alpha, let beta):
        alphas.append(alpha)
        betas.append(beta)
      case .relu, .tanh, .sigmoid, .softsign, .softplus: break
      default:
        throw node.failure("activations", expected: "functions of ONNX's cells", found: function.name)
      }
    }
    node.set("activations", op.activations.map(\.name))
    if !alphas.isEmpty { node.set("activation_alpha", alphas) }
    if !betas.isEmpty { node.set("activation_beta", betas) }
  }
}
