public import FileIO

/// The largest element under a window: X [N, C, ...] becomes [N, C, ...]. Margins never win.
public struct MaxPool: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Whether a last window that lies partly outside is used.
  public var ceilMode: Bool
  /// Whether there is a second output, int64: where in X each element was found, counted through all of X.
  public var givesIndices: Bool
  /// Whether those positions count along the first spatial axis first (ONNX's `storage_order` 1).
  public var countsColumnMajor: Bool

  public init(
    window: Window, ceilMode: Bool = false, givesIndices: Bool = false, countsColumnMajor: Bool = false
  ) {
    self.window = window
    self.ceilMode = ceilMode
    self.givesIndices = givesIndices
    self.countsColumnMajor = countsColumnMajor
  }

  public var name: String { "MaxPool" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let y = try window.pooled(try require(inputs, 0, "X", .number), ceilMode: ceilMode)
    return givesIndices ? [y, TensorType(.int64, y.dimensions)] : [y]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: window.area))
  }
}

/// The mean under a window: X [N, C, ...] becomes [N, C, ...].
public struct AveragePool: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Whether a last window that lies partly outside is used.
  public var ceilMode: Bool
  /// Whether margins count as zeros in the mean; otherwise the mean is over what lies inside.
  public var countIncludePad: Bool

  public init(window: Window, ceilMode: Bool = false, countIncludePad: Bool = false) {
    self.window = window
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
  }

  public var name: String { "AveragePool" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try window.pooled(try requireFloat(inputs, 0, "X"), ceilMode: ceilMode)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: window.area))
  }
}

/// The p-norm of what lies under a window: X [N, C, ...] becomes [N, C, ...].
public struct LpPool: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// Whether a last window that lies partly outside is used.
  public var ceilMode: Bool
  /// The norm, at least 1.
  public var p: Int

  public init(window: Window, p: Int = 2, ceilMode: Bool = false) {
    self.window = window
    self.p = p
    self.ceilMode = ceilMode
  }

  public var name: String { "LpPool" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    guard p > 0 else { throw ScaleNetError(place: "p", expected: "1 or more", found: "\(p)") }
    return [try window.pooled(try requireFloat(inputs, 0, "X"), ceilMode: ceilMode)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(
      otherOperations: outputs[0].elementCount.saturatingMultiplied(by: window.area)
        .saturatingMultiplied(by: 2))
  }
}

/// One element made of all positions of each channel: X [N, C, ...] becomes [N, C, 1, ...].
public enum GlobalPool: OperatorKind {
  /// The mean, or the largest.
  case average, max
  /// The p-norm.
  case lp(Int)

  public var name: String {
    switch self {
    case .average: "GlobalAveragePool"
    case .max: "GlobalMaxPool"
    case .lp: "GlobalLpPool"
    }
  }

  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    if case .lp(let p) = self, p < 1 {
      throw ScaleNetError(place: "p", expected: "1 or more", found: "\(p)")
    }
    let x = try requireFloat(inputs, 0, "X")
    guard x.rank >= 2 else {
      throw ScaleNetError(place: "input X", expected: "rank 2 or more", found: "\(x)")
    }
    return [TensorType(x.dataType, x.dimensions[..<2] + [Dimension](repeating: 1, count: x.rank - 2))]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let count = inputs[0]?.elementCount ?? 0
    switch self {
    case .average, .max: return Cost(otherOperations: count)
    case .lp: return Cost(otherOperations: count.saturatingMultiplied(by: 2))
    }
  }
}

/// Puts elements back where a MaxPool found them; all others are 0. Inputs X and I, the positions that MaxPool gives.
public struct MaxUnpool: OperatorKind {
  /// How the kernel moves over the spatial axes.
  public var window: Window
  /// The extents of the output, or nil for those that the window gives.
  public var outputShape: [Int]?

  public init(window: Window, outputShape: [Int]? = nil) {
    self.window = window
    self.outputShape = outputShape
  }

  public var name: String { "MaxUnpool" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try window.validate()
    let x = try requireFloat(inputs, 0, "X")
    let positions = try require(inputs, 1, "I")
    guard x.rank == window.rank + 2 else {
      throw ScaleNetError(place: "input X", expected: "rank \(window.rank + 2)", found: "\(x)")
    }
    guard positions.isCompatible(with: TensorType(.int64, x.dimensions)) else {
      throw ScaleNetError(
        place: "input I", expected: "\(TensorType(.int64, x.dimensions))", found: "\(positions)")
    }
    var result = x
    for axis in 0..<window.rank {
      guard let extent = try extent(x, axis + 2, "X") else {
        result.dimensions[axis + 2] = .unknown
        continue
      }
      let (distance, overflow) = max(extent - 1, 0).multipliedReportingOverflow(by: window.strides[axis])
      let count = distance &+ window.reach(axis) &- window.pads[axis] &- window.pads[axis + window.rank]
      guard !overflow, distance < 1 << 48, count >= 0 else {
        throw ScaleNetError(place: "input X", expected: "extents that can be unpooled", found: "\(x)")
      }
      result.dimensions[axis + 2] = .fixed(count)
    }
    if let outputShape {
      guard outputShape.count == x.rank, TensorShape(checking: outputShape) != nil else {
        throw ScaleNetError(place: "output_shape", expected: "\(x.rank) extents", found: "\(outputShape)")
      }
      result.dimensions = outputShape.map(Dimension.fixed)
    }
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}

extension Window {
  /// The type of what a pool with this window makes of [N, C, ...].
  func pooled(_ x: TensorType, ceilMode: Bool) throws(ScaleNetError) -> TensorType {
    try validate()
    guard x.rank == rank + 2 else {
      throw ScaleNetError(place: "input X", expected: "rank \(rank + 2)", found: "\(x)")
    }
    for axis in pads.indices where pads[axis] >= kernel[axis % rank] * dilations[axis % rank] {
      throw ScaleNetError(
        place: "pads", expected: "less than the kernel \(kernel)", found: "\(pads)")
    }
    return TensorType(x.dataType, x.dimensions[..<2] + (try outputs(x, ceilMode: ceilMode)))
  }
}
