public import FileIO

/// Local response normalisation across the channels of X [N, C, ...]: x / (bias + alpha / size * s)^beta, where s is
/// the sum of the squares of `size` channels around x: floor((size - 1) / 2) before it, ceil((size - 1) / 2) after it.
public struct LRN: OperatorKind {
  public static let name = "LRN"
  public static let inputCount = 1...1

  /// How many channels are summed; at least 1.
  public var size: Int
  public var alpha: Float
  public var beta: Float
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
