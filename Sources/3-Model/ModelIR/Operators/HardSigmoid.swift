/// max(0, min(1, alpha * x + beta)) of every element; NaN stays.
public struct HardSigmoid: UnaryElementwise {
  public static let name = "HardSigmoid"
  public static let operationsPerElement = 3

  public var alpha: Float
  public var beta: Float

  public init(alpha: Float = 0.2, beta: Float = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }
}
