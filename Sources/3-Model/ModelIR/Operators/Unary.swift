public import FileIO

/// A function of each element by itself. The output has the input's shape, and its type unless it is a test.
///
/// Names, parameters and element types are ONNX's.
public enum Unary: OperatorKind {
  // Numbers.
  /// |x|, -x, and -1, 0 or 1.
  case abs, neg, sign
  /// 1 / x.
  case reciprocal
  /// To the next whole number below, or above.
  case floor, ceil
  /// To the nearest whole number, halves to the even one.
  case round
  // Functions of analysis.
  /// The root, e to the power of x, the natural logarithm, the error function.
  case sqrt, exp, log, erf
  /// Of and to radians.
  case sin, cos, tan, asin, acos, atan
  /// Hyperbolic functions and their inverses.
  case sinh, cosh, tanh, asinh, acosh, atanh
  // Activations.
  /// max(x, 0); NaN stays.
  case relu
  /// x where it is not negative, alpha * x elsewhere; NaN stays.
  case leakyRelu(alpha: Float)
  /// x where it is above alpha, 0 elsewhere.
  case thresholdedRelu(alpha: Float)
  /// min(max(x, minimum), maximum); NaN stays. ReLU6 is 0 to 6. `minimum` is not above `maximum`.
  case clip(minimum: Float, maximum: Float)
  /// 1 / (1 + exp(-x)).
  case sigmoid
  /// max(0, min(1, alpha * x + beta)); NaN stays.
  case hardSigmoid(alpha: Float, beta: Float)
  /// x * max(0, min(1, x / 6 + 0.5)).
  case hardSwish
  /// x * sigmoid(alpha * x).
  case swish(alpha: Float)
  /// log(1 + exp(x)).
  case softplus
  /// x / (1 + |x|).
  case softsign
  /// x * tanh(log(1 + exp(x))).
  case mish
  /// x where it is not negative, alpha * (exp(x) - 1) elsewhere.
  case elu(alpha: Float)
  /// gamma times x where it is positive, gamma * alpha * (exp(x) - 1) elsewhere.
  case selu(alpha: Float, gamma: Float)
  /// max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).
  case celu(alpha: Float)
  /// x / 2 * (1 + erf(x / sqrt(2))), or its approximation by tanh.
  case gelu(isTanh: Bool)
  /// x + bias below -lambda, x - bias above lambda, 0 between.
  case shrink(bias: Float, lambda: Float)
  // Tests and bits.
  /// Of booleans.
  case not
  /// Whether it is no number; gives booleans.
  case isNaN
  /// Whether it is an infinity of a sign that is looked for; gives booleans.
  case isInf(detectsNegative: Bool, detectsPositive: Bool)
  /// Every bit of an integer the other way.
  case bitwiseNot

  public var name: String {
    switch self {
    case .abs: "Abs"
    case .neg: "Neg"
    case .sign: "Sign"
    case .reciprocal: "Reciprocal"
    case .floor: "Floor"
    case .ceil: "Ceil"
    case .round: "Round"
    case .sqrt: "Sqrt"
    case .exp: "Exp"
    case .log: "Log"
    case .erf: "Erf"
    case .sin: "Sin"
    case .cos: "Cos"
    case .tan: "Tan"
    case .asin: "Asin"
    case .acos: "Acos"
    case .atan: "Atan"
    case .sinh: "Sinh"
    case .cosh: "Cosh"
    case .tanh: "Tanh"
    case .asinh: "Asinh"
    case .acosh: "Acosh"
    case .atanh: "Atanh"
    case .relu: "Relu"
    case .leakyRelu: "LeakyRelu"
    case .thresholdedRelu: "ThresholdedRelu"
    case .clip: "Clip"
    case .sigmoid: "Sigmoid"
    case .hardSigmoid: "HardSigmoid"
    case .hardSwish: "HardSwish"
    case .swish: "Swish"
    case .softplus: "Softplus"
    case .softsign: "Softsign"
    case .mish: "Mish"
    case .elu: "Elu"
    case .selu: "Selu"
    case .celu: "Celu"
    case .gelu: "Gelu"
    case .shrink: "Shrink"
    case .not: "Not"
    case .isNaN: "IsNaN"
    case .isInf: "IsInf"
    case .bitwiseNot: "BitwiseNot"
    }
  }

  public var inputCount: ClosedRange<Int> { 1...1 }

  /// What elements the function is defined for.
  private var domain: ElementDomain {
    switch self {
    case .abs, .sign: .number
    case .neg, .relu: .signed
    case .shrink: .number
    case .not: .bool
    case .bitwiseNot: .integer
    case .reciprocal, .floor, .ceil, .round, .sqrt, .exp, .log, .erf, .sin, .cos, .tan, .asin, .acos, .atan,
      .sinh, .cosh, .tanh, .asinh, .acosh, .atanh, .leakyRelu, .thresholdedRelu, .clip, .sigmoid,
      .hardSigmoid, .hardSwish, .swish, .softplus, .softsign, .mish, .elu, .selu, .celu, .gelu, .isNaN,
      .isInf:
      .float
    }
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    if case .clip(let minimum, let maximum) = self, !(minimum <= maximum) {
      throw ScaleNetError(place: "max", expected: "at least min, \(minimum)", found: "\(maximum)")
    }
    if case .celu(let alpha) = self, alpha == 0 {
      throw ScaleNetError(place: "alpha", expected: "a number other than 0", found: "\(alpha)")
    }
    let x = try require(inputs, 0, "X", domain)
    switch self {
    case .isNaN, .isInf: return [TensorType(.bool, x.dimensions)]
    default: return [x]
    }
  }

  /// Elementary operations for one element.
  private var operationsPerElement: Int {
    switch self {
    case .abs, .neg, .sign, .reciprocal, .floor, .ceil, .round, .relu, .not, .isNaN, .isInf, .bitwiseNot,
      .sqrt:
      1
    case .leakyRelu, .clip, .thresholdedRelu, .softsign, .shrink: 2
    case .hardSigmoid, .elu: 3
    case .exp, .log, .tanh, .sigmoid, .hardSwish, .selu, .celu, .swish: 4
    case .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .erf, .softplus: 8
    case .gelu, .mish: 12
    }
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: operationsPerElement))
  }
}
