public import FileIO

/// alpha * A' * B' + beta * C, where A' and B' are A and B or their transposes; A' [M, K], B' [K, N], C broadcast
/// to [M, N].
public struct Gemm: OperatorKind {
  public static let name = "Gemm"
  public static let inputCount = 2...3

  public var alpha: Float
  public var beta: Float
  public var transA: Bool
  public var transB: Bool

  public init(alpha: Float = 1, beta: Float = 1, transA: Bool = false, transB: Bool = false) {
    self.alpha = alpha
    self.beta = beta
    self.transA = transA
    self.transB = transB
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try require(inputs, 0, "A", rank: 2)
    let b = try require(inputs, 1, "B", rank: 2)
    guard a.dataType == b.dataType, a.dimensions[transA ? 0 : 1] == b.dimensions[transB ? 1 : 0] else {
      throw ScaleNetError(
        place: "input B",
        expected: "\(a.dataType.rawValue) with inner extent \(a.dimensions[transA ? 0 : 1])",
        found: "\(b)")
    }
    let result = TensorType(a.dataType, [a.dimensions[transA ? 1 : 0], b.dimensions[transB ? 0 : 1]])
    if inputs.count > 2, let c = inputs[2] {
      guard c.rank <= 2, try TensorType.broadcasting(result, c) == result else {
        throw ScaleNetError(place: "input C", expected: "what can be broadcast to \(result)", found: "\(c)")
      }
    }
    return [result]
  }

  /// MACs: M * N * K.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let a = inputs[0] else { return Cost() }
    return Cost(macs: outputs[0].elementCount.saturatingMultiplied(by: a[transA ? 0 : 1]))
  }
}
