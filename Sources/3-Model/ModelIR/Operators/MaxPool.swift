public import FileIO

/// The largest element under a window: X [N, C, H, W] becomes [N, C, H', W']. Margins never win.
public struct MaxPool: OperatorKind {
  public static let name = "MaxPool"
  public static let inputCount = 1...1

  public var window: Window
  /// Whether a last window that lies partly outside is used.
  public var ceilMode: Bool

  public init(window: Window, ceilMode: Bool = false) {
    self.window = window
    self.ceilMode = ceilMode
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try window.pooled(try require(inputs, 0, "X", rank: 4), ceilMode: ceilMode)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: window.kernel.reduce(1, *)))
  }
}

extension Window {
  /// The type of what a pool with this window makes of [N, C, H, W].
  func pooled(_ x: TensorType, ceilMode: Bool) throws(ScaleNetError) -> TensorType {
    try validate()
    for axis in 0..<4 where pads[axis] >= kernel[axis % 2] * dilations[axis % 2] {
      throw ScaleNetError(
        place: "pads", expected: "less than the kernel \(kernel)", found: "\(pads)")
    }
    var dimensions = x.dimensions
    for axis in 0..<2 {
      guard let extent = dimensions[axis + 2].value else {
        throw ScaleNetError(place: "input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
          .advising(.closeExtents)
      }
      dimensions[axis + 2] = .fixed(try output(extent: extent, axis: axis, ceilMode: ceilMode))
    }
    return TensorType(x.dataType, dimensions)
  }
}
