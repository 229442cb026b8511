public import FileIO

/// The largest element of each channel: X [N, C, H, W] becomes [N, C, 1, 1].
public struct GlobalMaxPool: OperatorKind {
  public static let name = "GlobalMaxPool"
  public static let inputCount = 1...1

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "X", rank: 4)
    return [TensorType(x.dataType, [x.dimensions[0], x.dimensions[1], 1, 1])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs[0]?.elementCount ?? 0)
  }
}
