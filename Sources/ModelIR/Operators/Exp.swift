/// e to the power of every element.
public struct Exp: OperatorKind {
  public static let name = "Exp"
  public static let inputCount = 1...1

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    [try requireFloat(inputs, 0, "X")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 4))
  }
}
