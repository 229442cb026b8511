public import FileIO

/// The input itself.
public struct Identity: OperatorKind {
  public static let name = "Identity"
  public static let inputCount = 1...1

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try require(inputs, 0, "input")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: 0)
  }
}
