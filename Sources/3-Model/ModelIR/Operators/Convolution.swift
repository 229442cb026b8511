public import FileIO

/// Convolution of X [N, C, ...] with W [M, C / group, ...] and bias B [M] over one to three axes; output [N, M, ...].
public struct Conv: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Groups of channels that are convolved apart; a divisor of both channel counts.
  public var group: Int

  public init(window: Window, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public var name: String { "Conv" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    let w = try requireFloat(inputs, 1, "W")
    guard x.dataType == w.dataType else {
      throw ScaleNetError(place: "input W", expected: x.dataType.rawValue, found: w.dataType.rawValue)
    }
    let result = try convolved(x, w, window, group, of: x.dataType)
    if let filters = result.dimensions[1].value {
      try requireVector(inputs, 2, "B", count: filters, of: x.dataType)
    }
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    convolutionCost(inputs, outputs, weights: 1)
  }
}

/// Convolution of integers, in int32: X and W are int8 or uint8, each with its zero point, which is taken away first.
/// Inputs x, w, x_zero_point (a scalar), w_zero_point (a scalar, or one for each output channel).
public struct ConvInteger: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Groups of channels that are convolved apart; a divisor of both channel counts.
  public var group: Int

  public init(window: Window, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public var name: String { "ConvInteger" }
  public var inputCount: ClosedRange<Int> { 2...4 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "x", .integer)
    let w = try require(inputs, 1, "w", .integer)
    try requireZeroPoint(inputs, 2, "x_zero_point", of: x)
    try requireZeroPoint(inputs, 3, "w_zero_point", of: w)
    return [try convolved(x, w, window, group, of: .int32)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    convolutionCost(inputs, outputs, weights: 1)
  }
}

/// Convolution of quantized numbers. Inputs x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point,
/// B (int32, in units of x_scale * w_scale); scale and zero point of w are scalars or one for each output channel.
public struct QLinearConv: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Groups of channels that are convolved apart; a divisor of both channel counts.
  public var group: Int

  public init(window: Window, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public var name: String { "QLinearConv" }
  public var inputCount: ClosedRange<Int> { 8...9 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "x", .integer)
    let w = try require(inputs, 3, "w", .integer)
    try requireZeroPoint(inputs, 2, "x_zero_point", of: x)
    try requireZeroPoint(inputs, 5, "w_zero_point", of: w)
    for (index, name) in [(1, "x_scale"), (4, "w_scale"), (6, "y_scale")] {
      _ = try requireFloat(inputs, index, name)
    }
    let result = try convolved(
      x, w, window, group, of: try require(inputs, 7, "y_zero_point", .integer).dataType)
    if let filters = result.dimensions[1].value {
      try requireVector(inputs, 8, "B", count: filters, of: .int32)
    }
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    convolutionCost(inputs, outputs, weights: 3)
  }
}

/// The transpose of a convolution (what its gradient does): X [N, C, ...] with W [C, M / group, ...] and bias B [M]
/// becomes [N, M, ...], each extent stride * (extent - 1) + dilated kernel + output padding - pads.
public struct ConvTranspose: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Groups of channels that are convolved apart; a divisor of both channel counts.
  public var group: Int
  /// Elements that are added behind each axis.
  public var outputPadding: [Int]

  public init(window: Window, group: Int = 1, outputPadding: [Int]? = nil) {
    self.window = window
    self.group = group
    self.outputPadding = outputPadding ?? [Int](repeating: 0, count: window.rank)
  }

  public var name: String { "ConvTranspose" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try window.validate()
    let x = try require(inputs, 0, "X", rank: window.rank + 2)
    let w = try require(inputs, 1, "W", rank: window.rank + 2)
    guard x.dataType == w.dataType else {
      throw ScaleNetError(place: "input W", expected: x.dataType.rawValue, found: w.dataType.rawValue)
    }
    let channels = try requireFixed(w, 0, "W")
    let perGroup = try requireFixed(w, 1, "W")
    let (filters, overflow) = perGroup.multipliedReportingOverflow(by: group)
    guard group > 0, channels % group == 0, !overflow else {
      throw ScaleNetError(
        place: "group", expected: "a divisor of \(channels) input channels", found: "\(group)")
    }
    let expected = [w.dimensions[0], w.dimensions[1]] + window.kernel.map(Dimension.fixed)
    guard w.isCompatible(with: TensorType(w.dataType, expected)) else {
      throw ScaleNetError(
        place: "input W", expected: "\(TensorType(w.dataType, expected))", found: "\(w)")
    }
    guard x.dimensions[1].isCompatible(with: .fixed(channels)) else {
      throw ScaleNetError(place: "input X", expected: "\(channels) channels", found: "\(x)")
    }
    try requireVector(inputs, 2, "B", count: filters, of: x.dataType)
    guard outputPadding.count == window.rank, outputPadding.allSatisfy({ (0...1 << 24).contains($0) }) else {
      throw ScaleNetError(
        place: "output_padding", expected: "\(window.rank) numbers, none below 0", found: "\(outputPadding)")
    }
    var result: [Dimension] = [x.dimensions[0], .fixed(filters)]
    for axis in 0..<window.rank {
      guard let extent = try extent(x, axis + 2, "X") else {
        result.append(.unknown)
        continue
      }
      let (steps, overflow) = max(extent - 1, 0).multipliedReportingOverflow(by: window.strides[axis])
      guard !overflow, steps < 1 << 48 else {
        throw ScaleNetError(place: "input X", expected: "extents in range", found: "\(x)")
      }
      let count =
        steps + window.reach(axis) + outputPadding[axis] - window.pads[axis] - window.pads[axis + window.rank]
      guard count > 0, extent > 0 else {
        throw ScaleNetError(place: "pads", expected: "elements left of \(x)", found: "\(window.pads)")
      }
      result.append(.fixed(count))
    }
    return [TensorType(x.dataType, result)]
  }

  /// MACs: one for each input element and each weight that it meets, those cut off by margins included.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let x = inputs[0], let weights = inputs[1] else { return Cost() }
    return Cost(
      macs: x.elementCount.saturatingMultiplied(by: weights.dimensions.dropFirst().reduce(1, *)))
  }
}

extension OperatorKind {
  /// The type that a convolution with these weights gives, whose elements are of `dataType`.
  fileprivate func convolved(
    _ x: TensorType, _ w: TensorType, _ window: Window, _ group: Int, of dataType: DataType
  ) throws(ScaleNetError) -> TensorType {
    try window.validate()
    for (type, name) in [(x, "X"), (w, "W")] where type.rank != window.rank + 2 {
      throw ScaleNetError(place: "input \(name)", expected: "rank \(window.rank + 2)", found: "\(type)")
    }
    let filters = try requireFixed(w, 0, "W")
    let channels: Int
    if let known = try extent(x, 1, "X") {
      channels = known
    } else {
      channels = try requireFixed(w, 1, "W").saturatingMultiplied(by: group)
    }
    guard group > 0, filters % group == 0, channels % group == 0 else {
      throw ScaleNetError(
        place: "group", expected: "a divisor of \(channels) input and \(filters) output channels",
        found: "\(group)")
    }
    let expected: [Dimension] =
      [.fixed(filters), .fixed(channels / group)] + window.kernel.map(Dimension.fixed)
    guard w.isCompatible(with: TensorType(w.dataType, expected)) else {
      throw ScaleNetError(
        place: "input W", expected: "\(TensorType(w.dataType, expected))", found: "\(w)")
    }
    return TensorType(dataType, [x.dimensions[0], .fixed(filters)] + (try window.outputs(x)))
  }

  /// MACs: one for each output element and each weight that it meets. Adding a bias is no MAC, as with fvcore.
  fileprivate func convolutionCost(_ inputs: [TensorShape?], _ outputs: [TensorShape], weights: Int) -> Cost {
    guard let weights = inputs[weights] else { return Cost() }
    return Cost(
      macs: outputs[0].elementCount.saturatingMultiplied(by: weights.dimensions.dropFirst().reduce(1, *)))
  }
}
