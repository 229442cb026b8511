import FileIO
import JSONText
import ModelIR

/// Layers that weigh values by how keys fit queries.
extension GraphAssembler {
  /// What a call says beside its tensors.
  private struct AttentionCall {
    var query: LayerValue
    var value: LayerValue
    var key: LayerValue
    var isCausal = false
    var givesScores = false
  }

  private mutating func attentionCall(_ reader: LayerReader) throws(ScaleNetError) -> AttentionCall {
    let values = try naturals(reader)
    var named: [String: LayerValue] = [:]
    var rest = ["query", "value", "key"][...]
    var flags: [String: Bool] = [:]
    for argument in reader.layer.arguments {
      switch argument.value {
      case .input(let index):
        guard let name = argument.name ?? rest.first else {
          throw reader.failure("inbound_nodes", "query, value and key", "more tensors")
        }
        rest.removeAll { $0 == name }
        named[name] = values[index]
      case .constant(let json):
        guard let name = argument.name, case .bool(let flag) = json else {
          throw reader.failure("inbound_nodes", "tensors, and switches by name", json.kind)
        }
        flags[name] = flag
      }
    }
    guard let query = named["query"], let value = named["value"] else {
      throw reader.failure("inbound_nodes", "query and value", named.keys.sorted().joined(separator: ", "))
    }
    let allowed = ["query", "value", "key"]
    if let other = named.keys.sorted().first(where: { !allowed.contains($0) }) {
      throw reader.failure("inbound_nodes", "query, value and key", other)
    }
    var call = AttentionCall(query: query, value: value, key: named["key"] ?? value)
    call.isCausal = flags.removeValue(forKey: "use_causal_mask") ?? false
    call.givesScores = flags.removeValue(forKey: "return_attention_scores") ?? false
    flags["training"] = nil
    if let other = flags.keys.min() {
      throw reader.failure("inbound_nodes", "use_causal_mask, return_attention_scores", other)
    }
    return call
  }

  /// Scores of which a query sees only those of keys that stand not behind it.
  private mutating func masked(
    _ scores: ValueID, _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    let extents = extents(scores)
    let (queries, keys) = (extents[extents.count - 2], extents[extents.count - 1])
    guard queries > 0, keys > 0, queries * keys <= 1 << 24 else {
      throw reader.failure("use_causal_mask", "false, or known extents", "true")
    }
    var seen: [Float] = []
    for query in 0..<queries { for key in 0..<keys { seen.append(key <= query ? 0 : -1e9) } }
    let mask = try initializer("\(reader.layer.name).causal", Tensor(seen, shape: [queries, keys]))
    return try node(unusedName("\(reader.layer.name)_masked"), .binary(.add), [scores, mask])
  }

  // MARK: Attention of several heads

  mutating func addMultiHeadAttention(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let call = try attentionCall(reader)
    let (heads, size) = (try reader.integer("num_heads"), try reader.integer("key_dim"))
    let valueSize = try reader.integer("value_dim", default: size)
    let hasBias = try reader.bool("use_bias", default: true)
    for key in ["use_gate"] where try reader.bool(key, default: false) {
      throw reader.failure(key, "false", "true")
    }
    for key in ["sliding_window", "flash_attention"] {
      guard let found = reader.value(key), found != .bool(false) else { continue }
      throw reader.failure(key, "none", found.kind)
    }
    // They are for training, or for what the layer builds.
    for key in ["dropout", "output_shape", "query_shape", "key_shape", "value_shape"] {
      _ = reader.value(key)
    }
    guard [heads, size, valueSize].allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw reader.failure("num_heads, key_dim", "positive numbers", "\(heads), \(size)")
    }
    let rank = call.query.order.count
    guard rank >= 3, [call.key, call.value].allSatisfy({ $0.order.count == rank }) else {
      throw reader.failure("inbound_nodes", "tensors of one rank, 3 or more", "others")
    }
    let axes = try attentionAxes(&reader, rank: rank)
    let expected = try attentionWeights(
      call, heads: heads, size: size, valueSize: valueSize, hasBias: hasBias, reader)
    let tensors = try weights(reader, expected)
    func weight(_ part: Int) -> (kernel: Tensor, bias: Tensor?) {
      hasBias ? (tensors[2 * part], tensors[2 * part + 1]) : (tensors[part], nil)
    }
    let name = reader.layer.name
    var parts: [ValueID] = []
    for (part, (what, value)) in [("query", call.query), ("key", call.key), ("value", call.value)]
      .enumerated()
    {
      // All axes that attend are one.
      let extents = extents(value.id)
      var id = value.id
      if axes.count > 1 {
        let length = axes.reduce(1) { $0 * extents[$1] }
        id = try regrouped(id, keeping: 1, [length, extents[rank - 1]], "\(name)_\(what)_row")
      }
      let (kernel, bias) = weight(part)
      id = try projected(
        id, 1, kernel, bias: bias, name: unusedName("\(name)_\(what)"), weightName: "\(name).\(what)")
      // Heads before the sequence; the keys' sequence last.
      let count = self.extents(id).count
      let lead = Array(0..<count - 3)
      let order =
        part == 1 ? lead + [count - 2, count - 1, count - 3] : lead + [count - 2, count - 3, count - 1]
      parts.append(
        try node(
          unusedName("\(name)_\(what)_heads"), .transpose(Transpose(permutation: order)), [id]))
    }
    let scale = try initializer(
      "\(name).scale", Tensor([1 / Float(size).squareRoot()] as [Float], shape: []))
    let query = try node(unusedName("\(name)_scaled"), .binary(.mul), [parts[0], scale])
    var scores = try node(unusedName("\(name)_scores"), .matMul(MatMul()), [query, parts[1]])
    if call.isCausal { scores = try masked(scores, reader) }
    let scoreRank = extents(scores).count
    let shares = try node(
      unusedName("\(name)_softmax"), .softmax(Softmax(axis: scoreRank - 1)), [scores])
    var result = try node(unusedName("\(name)_attended"), .matMul(MatMul()), [shares, parts[2]])
    let lead = Array(0..<scoreRank - 3)
    result = try node(
      unusedName("\(name)_merged"),
      .transpose(Transpose(permutation: lead + [scoreRank - 2, scoreRank - 3, scoreRank - 1])), [result])
    let (kernel, bias) = weight(3)
    let isRow = axes.count > 1
    result = try projected(
      result, 2, kernel, bias: bias, name: isRow ? unusedName("\(name)_output") : name,
      weightName: "\(name).attention_output")
    if isRow {
      let rows = Array(extents(call.query.id)[1..<rank - 1])
      result = try node(name, .reshape(Reshape(shape: [0] + rows + [kernel.shape[2]])), [result])
      if call.givesScores {
        throw reader.failure("return_attention_scores", "false with several axes", "true")
      }
    }
    if call.givesScores {
      furtherValues = [LayerValue(id: shares, order: Array(0..<scoreRank))]
    }
    return LayerValue(id: result, order: Array(0..<rank))
  }

  /// All axes between the batch and the channels, or the last of them alone.
  private func attentionAxes(
    _ reader: inout LayerReader, rank: Int
  ) throws(ScaleNetError) -> [Int] {
    let all = Array(1..<rank - 1)
    guard let stated = reader.value("attention_axes") else { return all }
    var items = [stated]
    if case .array(let several) = stated.unwrapped { items = several }
    let axes = items.compactMap { item -> Int? in
      if case .integer(let axis) = item { axis < 0 ? axis + rank : axis } else { nil }
    }.sorted()
    guard axes == all || axes == [rank - 2] else {
      throw reader.failure("attention_axes", "\(all), or the last of them", "\(axes)")
    }
    return axes
  }

  private func attentionWeights(
    _ call: AttentionCall, heads: Int, size: Int, valueSize: Int, hasBias: Bool, _ reader: LayerReader
  ) throws(ScaleNetError) -> [(name: String, shape: TensorShape)] {
    func width(_ value: LayerValue) -> Int { extents(value.id).last ?? 0 }
    var outputs = width(call.query)
    if let stated = reader.layer.settings["output_shape"]?.unwrapped, stated != .null {
      var items = [stated]
      if case .array(let several) = stated { items = several }
      guard items.count == 1, case .integer(let number) = items[0], (1...1 << 24).contains(number) else {
        throw reader.failure("output_shape", "one extent", stated.kind)
      }
      outputs = number
    }
    var result: [(name: String, shape: TensorShape)] = []
    for (what, value, size) in [
      ("query", call.query, size), ("key", call.key, size), ("value", call.value, valueSize),
    ] {
      result.append(("\(what)/kernel", [width(value), heads, size]))
      if hasBias { result.append(("\(what)/bias", [heads, size])) }
    }
    result.append(("attention_output/kernel", [heads, valueSize, outputs]))
    if hasBias { result.append(("attention_output/bias", [outputs])) }
    return result
  }

  // MARK: Attention of one head

  /// softmax(query * key') * value, with a factor that was learned, if there is one.
  mutating func addAttention(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let call = try attentionCall(reader)
    _ = reader.value("dropout")
    _ = try reader.word("score_mode", ["dot"], default: "dot")
    let isCausal = try reader.bool("causal", default: false)
    let hasScale = try reader.bool("use_scale", default: false)
    let name = reader.layer.name
    let turned = try transposedEnds(call.key, reader)
    var scores = try node(unusedName("\(name)_scores"), .matMul(MatMul()), [call.query.id, turned])
    if hasScale {
      let scale = try weights(reader, [("scale", [])])[0]
      scores = try node(
        unusedName("\(name)_scaled"), .binary(.mul), [scores, try initializer("\(name).scale", scale)])
    }
    return try attended(call, scores, isCausal: isCausal || call.isCausal, reader)
  }

  private mutating func transposedEnds(
    _ value: LayerValue, _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    let rank = value.order.count
    guard rank >= 3 else {
      throw reader.failure("inbound_nodes", "sequences", "\(graph[value.id].type)")
    }
    return try node(
      unusedName("\(reader.layer.name)_key"),
      .transpose(Transpose(permutation: Array(0..<rank - 2) + [rank - 1, rank - 2])), [value.id])
  }

  private mutating func attended(
    _ call: AttentionCall, _ scores: ValueID, isCausal: Bool, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    let rank = call.query.order.count
    let name = reader.layer.name
    let seen = isCausal ? try masked(scores, reader) : scores
    let shares = try node(unusedName("\(name)_softmax"), .softmax(Softmax(axis: rank - 1)), [seen])
    let result = try node(name, .matMul(MatMul()), [shares, call.value.id])
    if call.givesScores { furtherValues = [LayerValue(id: shares, order: Array(0..<rank))] }
    return LayerValue(id: result, order: Array(0..<rank))
  }

  /// The same with scores that are sums of tanh(query + key), each position times a factor that was learned.
  mutating func addAdditiveAttention(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let call = try attentionCall(reader)
    _ = reader.value("dropout")
    _ = reader.value("score_mode")
    let isCausal = try reader.bool("causal", default: false)
    let hasScale = try reader.bool("use_scale", default: true)
    let name = reader.layer.name
    guard call.query.order.count == 3, call.key.order.count == 3 else {
      throw reader.failure("inbound_nodes", "sequences", "\(graph[call.query.id].type)")
    }
    let rows = try node(unusedName("\(name)_rows"), .unsqueeze(Unsqueeze(axes: [2])), [call.query.id])
    let columns = try node(unusedName("\(name)_columns"), .unsqueeze(Unsqueeze(axes: [1])), [call.key.id])
    let sum = try node(unusedName("\(name)_pairs"), .binary(.add), [rows, columns])
    var scores = try node(unusedName("\(name)_tanh"), .unary(.tanh), [sum])
    if hasScale {
      let scale = try weights(reader, [("scale", [extents(call.query.id)[2]])])[0]
      scores = try node(
        unusedName("\(name)_scaled"), .binary(.mul), [scores, try initializer("\(name).scale", scale)])
    }
    scores = try node(
      unusedName("\(name)_scores"), .reduce(Reduce(.sum, axes: [3], keepsAxes: false)), [scores])
    return try attended(call, scores, isCausal: isCausal || call.isCausal, reader)
  }
}
