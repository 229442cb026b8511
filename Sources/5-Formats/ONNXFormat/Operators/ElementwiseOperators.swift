import FileIO
import ModelIR

/// Functions of each element by itself.
enum ElementwiseOperators {
  static let handlers: [OperatorHandler] = [
    plain("Abs", since: 6, .abs), plain("Neg", since: 6, .neg), plain("Sign", since: 9, .sign),
    plain("Reciprocal", since: 6, .reciprocal),
    plain("Floor", since: 6, .floor), plain("Ceil", since: 6, .ceil), plain("Round", since: 11, .round),
    plain("Sqrt", since: 1, .sqrt), plain("Exp", since: 1, .exp), plain("Log", since: 6, .log),
    plain("Erf", since: 9, .erf),
    plain("Sin", .sin), plain("Cos", .cos), plain("Tan", .tan), plain("Asin", .asin), plain("Acos", .acos),
    plain("Atan", .atan), plain("Sinh", since: 9, .sinh), plain("Cosh", since: 9, .cosh),
    plain("Tanh", since: 1, .tanh), plain("Asinh", since: 9, .asinh), plain("Acosh", since: 9, .acosh),
    plain("Atanh", since: 9, .atanh),
    plain("Relu", since: 1, .relu), plain("Sigmoid", since: 1, .sigmoid),
    plain("Softplus", since: 1, .softplus),
    plain("Softsign", since: 1, .softsign), plain("HardSwish", since: 14, .hardSwish),
    plain("Mish", since: 18, .mish),
    plain("Not", since: 1, .not), plain("IsNaN", since: 9, .isNaN),
    plain("BitwiseNot", since: 18, .bitwiseNot),
    function("LeakyRelu", since: 1) { (node) throws(ScaleNetError) in
      .leakyRelu(alpha: try node.float("alpha", default: 0.01))
    },
    function("ThresholdedRelu", since: 10) { (node) throws(ScaleNetError) in
      .thresholdedRelu(alpha: try node.float("alpha", default: 1))
    },
    function("HardSigmoid", since: 1) { (node) throws(ScaleNetError) in
      .hardSigmoid(alpha: try node.float("alpha", default: 0.2), beta: try node.float("beta", default: 0.5))
    },
    function("Swish", since: 24) { (node) throws(ScaleNetError) in
      .swish(alpha: try node.float("alpha", default: 1))
    },
    function("Elu", since: 6) { (node) throws(ScaleNetError) in
      .elu(alpha: try node.float("alpha", default: 1))
    },
    function("Celu", since: 12) { (node) throws(ScaleNetError) in
      .celu(alpha: try node.float("alpha", default: 1))
    },
    function("Selu", since: 6) { (node) throws(ScaleNetError) in
      .selu(
        alpha: try node.float("alpha", default: 1.673_263_2),
        gamma: try node.float("gamma", default: 1.050_701))
    },
    function("Gelu", since: 20) { (node) throws(ScaleNetError) in
      .gelu(isTanh: try node.choice("approximate", default: GeluForm.exact) == .tanh)
    },
    function("Shrink", since: 9) { (node) throws(ScaleNetError) in
      .shrink(bias: try node.float("bias", default: 0), lambda: try node.float("lambd", default: 0.5))
    },
    function("IsInf", since: 10) { (node) throws(ScaleNetError) in
      .isInf(
        detectsNegative: try node.flag("detect_negative", default: true),
        detectsPositive: try node.flag("detect_positive", default: true))
    },
    OperatorHandler("Clip", readClip),
  ]

  private enum GeluForm: String, CaseIterable {
    case exact = "none"
    case tanh
  }

  private static func plain(_ name: String, since: Int = 7, _ op: Unary) -> OperatorHandler {
    .plain(name, since: since, .unary(op))
  }

  private static func function(
    _ name: String, since: Int = 7,
    _ payload: @escaping @Sendable (inout NodeReader) throws(ScaleNetError) -> Unary
  ) -> OperatorHandler {
    .plain(name, since: since) { (node) throws(ScaleNetError) in .unary(try payload(&node)) }
  }

  /// Clip has its limits in attributes until opset 10, then in inputs; where none is given, there is none.
  private static func readClip(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    var limits: (minimum: Float?, maximum: Float?)
    let input = try graph.operand(node, 0)
    if node.opset < 11 {
      try node.requireInputs(atMost: 1)
      limits = (
        try node.float("min", default: -.greatestFiniteMagnitude),
        try node.float("max", default: .greatestFiniteMagnitude)
      )
    } else {
      try node.requireInputs(atMost: 3)
      let known = (try graph.known(node, 1), try graph.known(node, 2))
      let isKnown = (known.0 != nil || node.input(1) == nil) && (known.1 != nil || node.input(2) == nil)
      guard graph.type(input).dataType.isFloatingPoint, isKnown else {
        // Numbers that are no real ones, or limits that the graph computes.
        let inputs = try graph.operands(node)
        try graph.add(node, inputs.count == 1 ? .identity(Identity()) : .computed(.clip), inputs)
        return
      }
      limits = (try graph.real(node, 1, "min"), try graph.real(node, 2, "max"))
    }
    guard limits.minimum != nil || limits.maximum != nil else {
      try graph.add(node, .identity(Identity()), [input])
      return
    }
    let maximum = limits.maximum ?? .infinity
    // min(max(x, minimum), maximum): a maximum below the minimum wins.
    let minimum = min(limits.minimum ?? -.infinity, maximum)
    try graph.add(node, .unary(.clip(minimum: minimum, maximum: maximum)), [input])
  }

  static func write(_ op: Unary, _ node: inout NodeWriter) throws(ScaleNetError) {
    switch op {
    case .abs, .neg, .sign, .reciprocal, .floor, .ceil, .round, .sqrt, .exp, .log, .erf, .sin, .cos, .tan,
      .asin, .acos, .atan, .sinh, .cosh, .tanh, .asinh, .acosh, .atanh, .relu, .sigmoid, .softplus, .softsign,
      .not, .isNaN:
      break
    case .hardSwish: try node.require(opset: 14)
    case .mish, .bitwiseNot: try node.require(opset: 18)
    case .leakyRelu(let alpha), .thresholdedRelu(let alpha), .elu(let alpha): node.set("alpha", alpha)
    case .celu(let alpha):
      try node.require(opset: 12)
      node.set("alpha", alpha)
    case .swish(let alpha):
      try node.require(opset: 24)
      node.set("alpha", alpha)
    case .hardSigmoid(let alpha, let beta):
      node.set("alpha", alpha)
      node.set("beta", beta)
    case .selu(let alpha, let gamma):
      node.set("alpha", alpha)
      node.set("gamma", gamma)
    case .gelu(let isTanh):
      try node.require(opset: 20)
      node.set("approximate", (isTanh ? GeluForm.tanh : .exact).rawValue)
    case .shrink(let bias, let lambda):
      node.set("bias", bias)
      node.set("lambd", lambda)
    case .isInf(let detectsNegative, let detectsPositive):
      node.set("detect_negative", detectsNegative)
      node.set("detect_positive", detectsPositive)
    case .clip(let minimum, let maximum):
      let type = node.type(0).dataType
      node.addConstant("min", Tensor([minimum], shape: []).cast(to: type))
      node.addConstant("max", Tensor([maximum], shape: []).cast(to: type))
    }
  }
}
