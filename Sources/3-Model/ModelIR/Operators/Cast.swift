public import FileIO

/// The elements converted to another type.
public struct Cast: OperatorKind {
  public static let name = "Cast"
  public static let inputCount = 1...1

  public var to: DataType

  public init(to: DataType) {
    self.to = to
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [TensorType(to, try require(inputs, 0, "input").dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
