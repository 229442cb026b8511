public import FileIO

/// The mean under a window: X [N, C, H, W] becomes [N, C, H', W'].
public struct AveragePool: OperatorKind {
  public static let name = "AveragePool"
  public static let inputCount = 1...1

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

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try window.pooled(try require(inputs, 0, "X", rank: 4), ceilMode: ceilMode)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: window.kernel.reduce(1, *)))
  }
}
