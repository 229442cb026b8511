public import FileIO

/// Normalisation with known statistics: (X - mean) / sqrt(var + epsilon) * scale + B for each channel of X [N, C, ...].
/// Inputs X, scale, B, mean, var, the last four [C].
public struct BatchNormalization: OperatorKind {
  public static let name = "BatchNormalization"
  public static let inputCount = 5...5

  public var epsilon: Float

  public init(epsilon: Float = 1e-5) {
    self.epsilon = epsilon
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    guard x.rank >= 2 else {
      throw ScaleNetError(place: "input X", expected: "rank 2 or more", found: "\(x)")
    }
    let channels = try requireFixed(x, 1, "X")
    for (index, name) in ["scale", "B", "mean", "var"].enumerated() {
      let type = try require(inputs, index + 1, name)
      // Half-precision activations may keep statistics in float32.
      try requireVector(inputs, index + 1, name, count: channels, of: type.dataType)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 2))
  }
}
