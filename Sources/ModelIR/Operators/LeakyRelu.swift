/// x where it is not negative, alpha * x elsewhere; NaN stays.
public struct LeakyRelu: OperatorKind {
  public static let name = "LeakyRelu"
  public static let inputCount = 1...1

  /// The slope of the negative side.
  public var alpha: Float

  public init(alpha: Float = 0.01) {
    self.alpha = alpha
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    [try requireFloat(inputs, 0, "X")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 2))
  }
}
