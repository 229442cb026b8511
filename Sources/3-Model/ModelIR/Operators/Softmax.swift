public import FileIO

/// exp(x) / sum of exp(x) along one axis.
public struct Softmax: OperatorKind {
  public static let name = "Softmax"
  public static let inputCount = 1...1

  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "input")
    guard (0..<x.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "0 to \(x.rank - 1)", found: "\(axis)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 5))
  }
}
