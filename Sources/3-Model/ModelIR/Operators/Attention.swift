public import FileIO

/// Scaled dot-product attention: softmax(scale * Q * K' + mask) * V, as ONNX has it from opset 23.
///
/// Inputs Q, K and V, either [batch, heads, sequence, size] or [batch, sequence, heads * size]; attn_mask (booleans, or
/// numbers that are added), past_key and past_value [batch, heads, sequence, size], which stand before K and V, and
/// nonpad_kv_seqlen [batch] (int64), how many keys count; all from attn_mask on may be left out. Outputs Y, and as many as
/// asked for of present_key, present_value and qk_matmul_output.
public struct Attention: OperatorKind {
  /// At which stage of the computation the fourth output is taken.
  public enum ScoreStage: Int, Hashable, Sendable {
    /// Q times K, scaled.
    case product = 0
    /// After the cap; after the mask was added; after the softmax.
    case capped, masked, softmax
  }

  /// Heads of Q where the inputs have three axes; 0 where they have four.
  public var queryHeads: Int
  /// Heads of K and V likewise; a divisor of `queryHeads`.
  public var keyHeads: Int
  /// Whether a query sees only keys that stand not behind it.
  public var isCausal: Bool
  /// The factor of Q * K'; nil for 1 / sqrt(size).
  public var scale: Float?
  /// The scores become cap * tanh(score / cap); 0 for no cap.
  public var softcap: Float
  /// Where the fourth output is taken, if there is one.
  public var scoreStage: ScoreStage
  /// How many keys before its own position a query sees; nil for all.
  public var keysBefore: Int?
  /// How many keys behind its own position a query sees; nil for all.
  public var keysBehind: Int?
  /// How many outputs there are, 1 to 4.
  public var outputCount: Int

  public init(
    queryHeads: Int = 0, keyHeads: Int = 0, isCausal: Bool = false, scale: Float? = nil, softcap: Float = 0,
    scoreStage: ScoreStage = .product, keysBefore: Int? = nil, keysBehind: Int? = nil, outputCount: Int = 1
  ) {
    self.queryHeads = queryHeads
    self.keyHeads = keyHeads
    self.isCausal = isCausal
    self.scale = scale
    self.softcap = softcap
    self.scoreStage = scoreStage
    self.keysBefore = keysBefore
    self.keysBehind = keysBehind
    self.outputCount = outputCount
  }

  public var name: String { "Attention" }
  public var inputCount: ClosedRange<Int> { 3...7 }

  /// The type of an input as [batch, heads, sequence, size].
  private func heads(_ type: TensorType, _ count: Int, _ name: String) throws(ScaleNetError) -> TensorType {
    if type.rank == 4 { return type }
    guard type.rank == 3, count > 0 else {
      throw ScaleNetError(place: "input \(name)", expected: "rank 4, or rank 3 and heads", found: "\(type)")
    }
    let size = try requireFixed(type, 2, name)
    guard size % count == 0 else {
      throw ScaleNetError(place: "input \(name)", expected: "\(count) heads", found: "\(type)")
    }
    return TensorType(
      type.dataType, [type.dimensions[0], .fixed(count), type.dimensions[1], .fixed(size / count)])
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let stated = try requireFloat(inputs, 0, "Q")
    let q = try heads(stated, queryHeads, "Q")
    var k = try heads(try requireFloat(inputs, 1, "K"), keyHeads, "K")
    var v = try heads(try requireFloat(inputs, 2, "V"), keyHeads, "V")
    guard k.dimensions[0].isCompatible(with: q.dimensions[0]),
      k.dimensions[3].isCompatible(with: q.dimensions[3])
    else { throw ScaleNetError(place: "input K", expected: "batch and size of \(q)", found: "\(k)") }
    guard v.dimensions[0].isCompatible(with: q.dimensions[0]),
      v.dimensions[1].isCompatible(with: k.dimensions[1]),
      v.dimensions[2].isCompatible(with: k.dimensions[2])
    else {
      throw ScaleNetError(place: "input V", expected: "batch, heads and sequence of \(k)", found: "\(v)")
    }
    if let heads = q.dimensions[1].value, let shared = k.dimensions[1].value,
      shared == 0 || heads % shared != 0
    {
      throw ScaleNetError(place: "input K", expected: "heads that divide \(heads)", found: "\(k)")
    }
    if let key = optional(inputs, 4), let value = optional(inputs, 5) {
      for (past, now) in [(key, k), (value, v)] {
        guard past.rank == 4,
          [0, 1, 3].allSatisfy({ past.dimensions[$0].isCompatible(with: now.dimensions[$0]) })
        else {
          throw ScaleNetError(place: "input past_key", expected: "heads and size of \(now)", found: "\(past)")
        }
      }
      k.dimensions[2] = Self.sum(key.dimensions[2], k.dimensions[2])
      v.dimensions[2] = Self.sum(value.dimensions[2], v.dimensions[2])
    }
    if let mask = optional(inputs, 3) {
      guard ElementDomain.numberOrBool.contains(mask.dataType), (1...4).contains(mask.rank) else {
        throw ScaleNetError(place: "input attn_mask", expected: "rank 1 to 4", found: "\(mask)")
      }
    }
    guard (1...4).contains(outputCount) else {
      throw ScaleNetError(place: "outputs", expected: "1 to 4", found: "\(outputCount)")
    }
    var y = TensorType(q.dataType, [q.dimensions[0], q.dimensions[1], q.dimensions[2], v.dimensions[3]])
    if stated.rank == 3 {
      y.dimensions = [
        q.dimensions[0], q.dimensions[2], try Dimension.product([q.dimensions[1], v.dimensions[3]], of: q),
      ]
    }
    let scores = TensorType(q.dataType, q.dimensions[..<3] + [k.dimensions[2]])
    return Array([y, k, v, scores].prefix(outputCount))
  }

  private static func sum(_ left: Dimension, _ right: Dimension) -> Dimension {
    guard let a = left.value, let b = right.value else { return .unknown }
    return .fixed(a.saturatingAdded(to: b))
  }

  /// MACs: those of both products.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let q = inputs[0], let k = inputs[1], let v = inputs[2] else { return Cost() }
    let past = inputs.count > 4 ? inputs[4]?[2] ?? 0 : 0
    let keys = (k.rank == 3 ? k[1] : k[2]) + past
    let queries = q.rank == 3 ? q[0] * q[1] : q[0] * q[1] * q[2]
    let values = q.rank == 3 ? v[2] / max(keyHeads, 1) * queryHeads : v[3]
    let perKey = (q.dimensions.last ?? 0) + values
    return Cost(macs: queries.saturatingMultiplied(by: keys).saturatingMultiplied(by: perKey))
  }
}
