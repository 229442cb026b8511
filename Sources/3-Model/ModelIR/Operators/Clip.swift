public import FileIO

/// Every element held between two limits: min(max(x, minimum), maximum); NaN stays. ReLU6 is 0 to 6.
public struct Clip: OperatorKind {
  public static let name = "Clip"
  public static let inputCount = 1...1

  public var minimum: Float
  /// Not below `minimum`.
  public var maximum: Float

  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    guard minimum <= maximum else {
      throw ScaleNetError(place: "max", expected: "at least min, \(minimum)", found: "\(maximum)")
    }
    return [try requireFloat(inputs, 0, "input")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 2))
  }
}
