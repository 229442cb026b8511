public import FileIO

/// x where it is not negative, slope * x elsewhere; NaN stays. Inputs X and slope, which is broadcast to X.
public struct PRelu: OperatorKind {
  public static let name = "PRelu"
  public static let inputCount = 2...2

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    let slope = try require(inputs, 1, "slope")
    guard slope.rank <= x.rank, try TensorType.broadcasting(x, slope) == x else {
      throw ScaleNetError(
        place: "input slope", expected: "what can be broadcast to \(x)", found: "\(slope)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 2))
  }
}
