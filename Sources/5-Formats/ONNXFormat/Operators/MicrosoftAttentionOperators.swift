import FileIO
import ModelIR

/// Attention as ONNX Runtime's optimisers write it, under the domain com.microsoft: read as the products and the softmax that
/// it stands for. Keys and values of calls before are refused.
///
/// Source: onnxruntime/docs/ContribOperators.md.
enum MicrosoftAttentionOperators {
  static let handlers: [OperatorHandler] = [
    MicrosoftOperators.handler("Attention", readAttention),
    MicrosoftOperators.handler("QAttention", readQuantizedAttention),
    MicrosoftOperators.handler("MultiHeadAttention", readMultiHeadAttention),
  ]

  /// What all of these say in attributes.
  private struct Settings {
    let heads: Int
    let scale: Float?
    /// What is added where a mask of 0 and 1 hides a key.
    let hidden: Float
    let isCausal: Bool

    init(_ node: inout NodeReader) throws(ScaleNetError) {
      heads = try node.requiredInteger("num_heads")
      let stated = try node.float("scale", default: 0)
      scale = stated == 0 ? nil : stated
      hidden = try node.float("mask_filter_value", default: -10000)
      isCausal = try node.flag("unidirectional")
      for name in ["do_rotary", "past_present_share_buffer"] { try node.requireZero(name) }
      guard heads > 0 else {
        throw node.failure("attribute num_heads", expected: "1 or more", found: "\(heads)")
      }
    }
  }

  // MARK: The operators

  /// Inputs are what attends to itself, [batch, sequence, size]; the weights of queries, keys and values beside each other;
  /// their biases; a mask; keys and values of before; and what is added to the scores.
  private static func readAttention(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let settings = try Settings(&node)
    let sizes = try node.integers("qkv_hidden_sizes")
    node.ignore("rotary_embedding_dim")
    try node.requireInputs(atMost: 7)
    try refuse(node, inputs: [4: "past", 6: "past_sequence_length"])
    var product = try graph.step(
      node, "qkv", .matMul(MatMul()), [try graph.operand(node, 0), try graph.weight(node, 1)])
    if let bias = try graph.weight(node, 2) {
      product = try graph.step(node, "biased", .binary(.add), [product, bias])
    }
    try attend(node, settings, product, sizes, mask: 3, bias: 5, &graph)
  }

  /// The same of integers: inputs are the numbers, the weights, the biases, the scales of both, a mask, and zero points of both.
  private static func readQuantizedAttention(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let settings = try Settings(&node)
    try node.requireInputs(atMost: 9)
    try refuse(node, inputs: [8: "past"])
    let product = try MicrosoftIntegerOperators.product(
      node, [0, 6, 3], [1, 7, 4], bias: try graph.optionalOperand(node, 2), &graph)
    try attend(node, settings, product, nil, mask: 5, bias: nil, &graph)
  }

  /// Queries, keys and values are inputs, each [batch, sequence, heads * size]; or keys and values are [batch, heads,
  /// sequence, size]; or they stand in one input, [batch, sequence, heads, 3 or 2, size].
  private static func readMultiHeadAttention(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let settings = try Settings(&node)
    try node.requireInputs(atMost: 10)
    try refuse(
      node,
      inputs: [6: "past_key", 7: "past_value", 8: "past_sequence_length", 9: "cache_indirection"])
    var parts: [Operand] = []
    for index in 0..<3 {
      guard let operand = try graph.optionalOperand(node, index) else { continue }
      let type = graph.type(operand)
      guard type.rank == 5 else {
        parts.append(operand)
        continue
      }
      // As a row of heads for each of the parts.
      let count = type.dimensions[3].value ?? 0
      guard count == 3 - index else {
        throw node.failure("input \(index)", expected: "\(3 - index) parts on axis 3", found: "\(type)")
      }
      for part in 0..<count {
        let slice = Slice(axes: [3], starts: [part], steps: [1], counts: [1])
        let own = try graph.step(node, "part\(index + part)", .slice(slice), [operand])
        let row = Reshape(shape: [0, 0, -1])
        parts.append(try graph.step(node, "row\(index + part)", .reshape(row), [own]))
      }
    }
    guard parts.count == 3 else {
      throw node.failure("inputs", expected: "query, key and value", found: "\(parts.count) of them")
    }
    if let bias = try graph.optionalOperand(node, 3) {
      // Those of queries, keys and values stand one behind the other.
      var start = 0
      for index in 0..<3 {
        let type = graph.type(parts[index])
        guard type.rank == 3, let size = type.dimensions[2].value else {
          throw node.failure("input \(index)", expected: "rank 3 beside a bias", found: "\(type)")
        }
        let slice = Slice(axes: [0], starts: [start], steps: [1], counts: [size])
        let own = try graph.step(node, "bias\(index)", .slice(slice), [bias])
        parts[index] = try graph.step(node, "biased\(index)", .binary(.add), [parts[index], own])
        start += size
      }
    }
    try attend(node, settings, parts, mask: 4, bias: 5, &graph)
  }

  private static func refuse(_ node: NodeReader, inputs: [Int: String]) throws(ScaleNetError) {
    for (index, name) in inputs.sorted(by: { $0.key < $1.key }) where node.input(index) != nil {
      throw node.failure("input \(name)", expected: "none", found: "a value")
    }
  }

  // MARK: The computation

  /// Queries, keys and values are beside each other in one value.
  private static func attend(
    _ node: NodeReader, _ settings: Settings, _ product: Operand, _ sizes: [Int]?, mask: Int, bias: Int?,
    _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let type = graph.type(product)
    guard type.rank == 3, let total = type.dimensions[2].value else {
      throw node.failure("input weights", expected: "a known size", found: "\(type)")
    }
    let sizes = sizes ?? [Int](repeating: total / 3, count: 3)
    guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 }), sizes.reduce(0, +) == total else {
      throw node.failure("attribute qkv_hidden_sizes", expected: "three parts of \(total)", found: "\(sizes)")
    }
    var parts: [Operand] = []
    var start = 0
    for (name, size) in zip(["q", "k", "v"], sizes) {
      let slice = Slice(axes: [2], starts: [start], steps: [1], counts: [size])
      parts.append(try graph.step(node, name, .slice(slice), [product]))
      start += size
    }
    try attend(node, settings, parts, mask: mask, bias: bias, &graph)
  }

  /// softmax(scale * Q * K' + mask) * V, head by head.
  private static func attend(
    _ node: NodeReader, _ settings: Settings, _ parts: [Operand], mask: Int, bias: Int?,
    _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    for index in 1..<4 { try graph.leaveOut(node, output: index, because: "keys and values for later calls") }
    let heads = settings.heads
    var split: [Operand] = []
    for (index, part) in parts.enumerated() {
      let type = graph.type(part)
      let name = ["q", "k", "v"][index]
      if type.rank == 4, index > 0 {
        // Heads come first already.
        let turned = Transpose(permutation: [0, 1, 3, 2])
        split.append(
          index == 1 ? try graph.step(node, "\(name).heads", .transpose(turned), [part]) : part)
        continue
      }
      guard type.rank == 3, let size = type.dimensions[2].value, size % heads == 0 else {
        throw node.failure("input \(name)", expected: "\(heads) heads of a known size", found: "\(type)")
      }
      let shape = Reshape(shape: [0, 0, heads, size / heads])
      let apart = try graph.step(node, "\(name).split", .reshape(shape), [part])
      let order = Transpose(permutation: index == 1 ? [0, 2, 3, 1] : [0, 2, 1, 3])
      split.append(try graph.step(node, "\(name).heads", .transpose(order), [apart]))
    }
    let queries = graph.type(split[0])
    let number = queries.dataType
    guard let size = queries.dimensions[3].value else {
      throw node.failure("input query", expected: "a known size", found: "\(queries)")
    }
    let scale = settings.scale ?? 1 / Float(size).squareRoot()
    var scores = try graph.step(node, "scores", .matMul(MatMul()), [split[0], split[1]])
    let factor = graph.constant("\(node.name).scale", Tensor([scale], shape: []).cast(to: number))
    scores = try graph.step(node, "scaled", .binary(.mul), [scores, factor])
    if let bias, let added = try graph.optionalOperand(node, bias) {
      scores = try graph.step(node, "scores.biased", .binary(.add), [scores, added])
    }
    if let added = try added(node, settings, mask: mask, number, &graph) {
      scores = try graph.step(node, "scores.masked", .binary(.add), [scores, added])
    }
    if settings.isCausal { scores = try causal(node, scores, &graph) }
    let weights = try graph.step(node, "weights", .softmax(Softmax(axis: 3)), [scores])
    let attended = try graph.step(node, "attended", .matMul(MatMul()), [weights, split[2]])
    let merged = try graph.step(
      node, "merged", .transpose(Transpose(permutation: [0, 2, 1, 3])), [attended])
    try graph.add(
      node, .reshape(Reshape(shape: [0, 0, -1])), [merged], output: try node.firstOutput())
  }

  /// What a mask of 0 and 1, [batch, keys] or [batch, queries, keys], adds to the scores.
  private static func added(
    _ node: NodeReader, _ settings: Settings, mask: Int, _ number: DataType, _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand? {
    guard let stated = try graph.optionalOperand(node, mask) else { return nil }
    let type = graph.type(stated)
    guard type.rank == 2 || type.rank == 3 else {
      throw node.failure(
        "input mask", expected: "0 or 1 for each key, [batch, keys] or [batch, queries, keys]",
        found: "\(type)")
    }
    let real = try graph.step(node, "mask", .cast(Cast(to: number)), [stated])
    let axes = type.rank == 2 ? [1, 2] : [1]
    let wide = try graph.step(node, "mask.heads", .unsqueeze(Unsqueeze(axes: axes)), [real])
    let one = graph.constant("\(node.name).one", Tensor([1] as [Float], shape: []).cast(to: number))
    let hidden = graph.constant(
      "\(node.name).hidden", Tensor([settings.hidden], shape: []).cast(to: number))
    let absent = try graph.step(node, "mask.absent", .binary(.sub), [one, wide])
    return try graph.step(node, "mask.added", .binary(.mul), [absent, hidden])
  }

  /// Scores of which a query sees only those of keys that stand not behind it.
  private static func causal(
    _ node: NodeReader, _ scores: Operand, _ graph: inout GraphReader
  ) throws(ScaleNetError) -> Operand {
    let type = graph.type(scores)
    guard let queries = type.dimensions[2].value, let keys = type.dimensions[3].value,
      TensorShape(checking: [queries, keys]) != nil, queries * keys <= 1 << 24
    else {
      throw node.failure("attribute unidirectional", expected: "0, or known extents", found: "1, \(type)")
        .advising(.closeExtents)
    }
    var seen: [Float] = []
    for query in 0..<queries {
      for key in 0..<keys { seen.append(key - (keys - queries) <= query ? 0 : -.infinity) }
    }
    let mask = graph.constant(
      "\(node.name).causal", Tensor(seen, shape: [queries, keys]).cast(to: type.dataType))
    return try graph.step(node, "scores.causal", .binary(.add), [scores, mask])
  }
}
