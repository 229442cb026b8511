#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension ReferenceKernels {
  /// Functions of one element, as their definitions say.
  static func value(of function: UnaryFunction, _ x: Double) -> Double {
    /// Comparisons leave NaN where it is.
    func clip(_ x: Double, _ minimum: Double, _ maximum: Double) -> Double {
      let raised = x < minimum ? minimum : x
      return raised > maximum ? maximum : raised
    }
    return switch function {
    case .relu: x < 0 ? 0 : x
    case .sigmoid: 1 / (1 + exp(-x))
    case .clip(let minimum, let maximum): clip(x, Double(minimum), Double(maximum))
    case .leakyReLU(let alpha): x < 0 ? Double(alpha) * x : x
    case .hardSigmoid(let alpha, let beta): clip(Double(alpha) * x + Double(beta), 0, 1)
    case .hardSwish: x * clip(x / 6 + 0.5, 0, 1)
    case .hyperbolicTangent: tanh(x)
    case .squareRoot: x.squareRoot()
    case .exponential: exp(x)
    case .swish(let alpha): x / (1 + exp(-Double(alpha) * x))
    case .errorFunction: erf(x)
    case .gelu(isTanh: false): x / 2 * erfc(-x / 2.0.squareRoot())
    case .gelu(isTanh: true): x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .round: x.rounded(.toNearestOrEven)
    }
  }

  /// Functions of two elements.
  static func value(of function: BinaryFunction, _ left: Double, _ right: Double) -> Double {
    switch function {
    case .add: left + right
    case .subtract: left - right
    case .multiply: left * right
    case .divide: left / right
    case .power: pow(left, right)
    case .parametricReLU: left < 0 ? left * right : left
    }
  }
}
