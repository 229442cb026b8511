/// max(0, min(1, alpha * x + beta)) of every element; NaN stays.
public struct HardSigmoid: OperatorKind {
  public static let name = "HardSigmoid"
  public static let inputCount = 1...1

  public var alpha: Float
  public var beta: Float

  public init(alpha: Float = 0.2, beta: Float = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    [try requireFloat(inputs, 0, "X")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 3))
  }
}
