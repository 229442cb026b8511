/// x * max(0, min(1, x / 6 + 0.5)) of every element; NaN stays.
public struct HardSwish: OperatorKind {
  public static let name = "HardSwish"
  public static let inputCount = 1...1

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    [try requireFloat(inputs, 0, "X")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 4))
  }
}
