/// A / B element by element, with NumPy's broadcasting.
public struct Div: OperatorKind {
  public static let name = "Div"
  public static let inputCount = 2...2

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    [try TensorType.broadcasting(try require(inputs, 0, "A"), try require(inputs, 1, "B"))]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}
