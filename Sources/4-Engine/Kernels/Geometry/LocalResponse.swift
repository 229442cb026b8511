/// ONNX's LRN: each element divided by a power of the squares of its neighbours across the channels.
public struct LocalResponse: Hashable, Sendable {
  /// How many channels are summed.
  public var size: Int
  /// The factor of the sum of squares.
  public var alpha: Double
  /// The exponent of the denominator.
  public var beta: Double
  /// What is added in the denominator.
  public var bias: Double

  public init(size: Int, alpha: Double, beta: Double, bias: Double) {
    precondition(size > 0)
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// The channels around `channel` of `count`.
  func neighbours(of channel: Int, count: Int) -> Range<Int> {
    max(0, channel - (size - 1) / 2)..<min(count, channel + size / 2 + 1)
  }
}
