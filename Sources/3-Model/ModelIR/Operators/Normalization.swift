public import FileIO

/// Normalisation with known statistics: (X - mean) / sqrt(var + epsilon) * scale + B for each channel of X [N, C, ...].
/// Inputs X, scale, B, mean, var, the last four [C].
public struct BatchNormalization: OperatorKind {
  public var name: String { "BatchNormalization" }
  public var inputCount: ClosedRange<Int> { 5...5 }

  /// Added to the variance, or to the mean square, before the root is taken.
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

/// Local response normalisation across the channels of X [N, C, ...]: x / (bias + alpha / size * s)^beta, where s is
/// the sum of the squares of `size` channels around x: floor((size - 1) / 2) before it, ceil((size - 1) / 2) after it.
public struct LRN: OperatorKind {
  public var name: String { "LRN" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  /// How many channels are summed; at least 1.
  public var size: Int
  /// The factor of the sum of squares, over `size`.
  public var alpha: Float
  /// The exponent of the divisor.
  public var beta: Float
  /// What is added to it before the power; keeps the divisor from 0.
  public var bias: Float

  public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    guard x.rank >= 2 else {
      throw ScaleNetError(place: "input X", expected: "rank 2 or more", found: "\(x)")
    }
    guard (1...1 << 24).contains(size) else {
      throw ScaleNetError(place: "size", expected: "1 to \(1 << 24)", found: "\(size)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    // Each square is added once and taken away once, whatever the size.
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 12))
  }
}

/// Normalisation over the last axes: (X - mean) / sqrt(variance + epsilon) * Scale + B, with mean and variance over all
/// axes from `axis` on. Inputs X, Scale and B (may be left out), which are broadcast to X.
public struct LayerNormalization: OperatorKind {
  /// The first of the normalised axes, not negative.
  public var axis: Int
  /// Added to the variance, or to the mean square, before the root is taken.
  public var epsilon: Float
  /// How many of the outputs Y, Mean and InvStdDev there are: 1 to 3. The last two are float32.
  public var outputCount: Int

  public init(axis: Int, epsilon: Float = 1e-5, outputCount: Int = 1) {
    self.axis = axis
    self.epsilon = epsilon
    self.outputCount = outputCount
  }

  public var name: String { "LayerNormalization" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    try requireAxis(axis, of: x)
    guard (1...3).contains(outputCount) else {
      throw ScaleNetError(place: "outputs", expected: "1 to 3", found: "\(outputCount)")
    }
    try requireBroadcastable(inputs, 1, "Scale", to: x, isOptional: false)
    try requireBroadcastable(inputs, 2, "B", to: x, isOptional: true)
    let statistics = TensorType(.float32, x.reduced(Array(axis..<x.rank), keepsAxes: true).dimensions)
    return [x] + [TensorType](repeating: statistics, count: outputCount - 1)
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 7))
  }
}

/// Normalisation by the root of the mean square over the last axes: X / sqrt(mean(X^2) + epsilon) * scale.
/// Inputs X and scale, which is broadcast to X.
public struct RMSNormalization: OperatorKind {
  /// The first of the normalised axes, not negative.
  public var axis: Int
  /// Added to the variance, or to the mean square, before the root is taken.
  public var epsilon: Float

  public init(axis: Int, epsilon: Float = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  public var name: String { "RMSNormalization" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    try requireAxis(axis, of: x)
    try requireBroadcastable(inputs, 1, "scale", to: x, isOptional: false)
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 4))
  }
}

/// Normalisation of each channel of X [N, C, ...] by its own statistics. Inputs input, scale and B, both [C].
public struct InstanceNormalization: OperatorKind {
  /// Added to the variance, or to the mean square, before the root is taken.
  public var epsilon: Float

  public init(epsilon: Float = 1e-5) {
    self.epsilon = epsilon
  }

  public var name: String { "InstanceNormalization" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireImage(inputs)
    for (index, name) in [(1, "scale"), (2, "B")] {
      let type = try requireFloat(inputs, index, name)
      guard type.isCompatible(with: TensorType(x.dataType, [x.dimensions[1]])) else {
        throw ScaleNetError(
          place: "input \(name)", expected: "\(TensorType(x.dataType, [x.dimensions[1]]))", found: "\(type)")
      }
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 7))
  }
}

/// Normalisation of groups of channels of X [N, C, ...] by their statistics. Inputs X, scale and bias, both one for each
/// channel, or one for each group as ONNX had it before opset 21.
public struct GroupNormalization: OperatorKind {
  /// How many groups the channels make; a divisor of their number.
  public var groups: Int
  /// Added to the variance, or to the mean square, before the root is taken.
  public var epsilon: Float
  /// Whether scale and bias are of groups, not of channels.
  public var scalesGroups: Bool

  public init(groups: Int, epsilon: Float = 1e-5, scalesGroups: Bool = false) {
    self.groups = groups
    self.epsilon = epsilon
    self.scalesGroups = scalesGroups
  }

  public var name: String { "GroupNormalization" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireImage(inputs)
    let channels = try requireFixed(x, 1, "X")
    guard groups > 0, channels % groups == 0 else {
      throw ScaleNetError(place: "num_groups", expected: "a divisor of \(channels)", found: "\(groups)")
    }
    for (index, name) in [(1, "scale"), (2, "bias")] {
      _ = try requireFloat(inputs, index, name)
      try requireVector(inputs, index, name, count: scalesGroups ? groups : channels, of: x.dataType)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 7))
  }
}

/// The input divided by its norm along one axis; where the norm is 0, 0.
public struct LpNormalization: OperatorKind {
  /// The axis, not negative.
  public var axis: Int
  /// 1 for the sum of magnitudes, 2 for the root of the sum of squares.
  public var p: Int

  public init(axis: Int, p: Int = 2) {
    self.axis = axis
    self.p = p
  }

  public var name: String { "LpNormalization" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "input")
    try requireAxis(axis, of: x)
    guard p == 1 || p == 2 else { throw ScaleNetError(place: "p", expected: "1 or 2", found: "\(p)") }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 3))
  }
}

/// (X - mean) / (sqrt(mean(X^2) - mean^2) + 1e-9) with the means over some axes.
public struct MeanVarianceNormalization: OperatorKind {
  /// The axes of the means, ascending, none negative.
  public var axes: [Int]

  public init(axes: [Int]) {
    self.axes = axes
  }

  public var name: String { "MeanVarianceNormalization" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 6))
  }
}

extension OperatorKind {
  /// The type of the first input, which is [N, C, ...].
  fileprivate func requireImage(_ inputs: [TensorType?]) throws(ScaleNetError) -> TensorType {
    let x = try requireFloat(inputs, 0, "X")
    guard x.rank >= 2 else {
      throw ScaleNetError(place: "input X", expected: "rank 2 or more", found: "\(x)")
    }
    return x
  }

  /// Fails unless an input can be broadcast to `x`. It may have another floating-point type.
  fileprivate func requireBroadcastable(
    _ inputs: [TensorType?], _ index: Int, _ name: String, to x: TensorType, isOptional: Bool
  ) throws(ScaleNetError) {
    if isOptional && optional(inputs, index) == nil { return }
    var type = try requireFloat(inputs, index, name)
    type.dataType = x.dataType
    guard type.rank <= x.rank, try TensorType.broadcasting(x, type).isCompatible(with: x) else {
      throw ScaleNetError(place: "input \(name)", expected: "what can be broadcast to \(x)", found: "\(type)")
    }
  }
}
