import FileIO
import ModelIR

/// What language and vision transformers do with sequences beside attention. Read as the plain operators that each stands
/// for.
enum SequenceOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("RotaryEmbedding", since: 23, readRotaryEmbedding),
    OperatorHandler("TensorScatter", since: 24, readTensorScatter),
    OperatorHandler("SwiGLU", since: 28) { (node, graph) throws(ScaleNetError) in
      let alpha = try node.float("alpha", default: 1)
      try node.requireInputs(atMost: 2)
      let types = (try graph.type(node, 0), try graph.type(node, 1))
      guard types.0.isCompatible(with: types.1) else {
        throw node.failure("input B", expected: "the type of A, \(types.0)", found: "\(types.1)")
      }
      let gate = try graph.step(node, "gate", .unary(.swish(alpha: alpha)), [try graph.operand(node, 0)])
      try graph.add(node, .binary(.mul), [gate, try graph.operand(node, 1)])
    },
  ]

  // MARK: Rotary positions

  /// Pairs of numbers of each head, turned by the angles whose cosines and sines are given for each position.
  ///
  /// X is [batch, heads, sequence, size], or [batch, sequence, heads * size] with `num_heads`; the caches are
  /// [positions, half], with position_ids [batch, sequence], or else [batch, sequence, half].
  private static func readRotaryEmbedding(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let isInterleaved = try node.flag("interleaved")
    let stated = try node.integer("rotary_embedding_dim", default: 0)
    let heads = try node.integer("num_heads", default: 0)
    try node.requireInputs(atMost: 4)
    var x = try graph.operand(node, 0)
    let type = graph.type(x)
    guard type.rank == 4 || type.rank == 3 && heads > 0, let last = type.dimensions.last?.value else {
      throw node.failure(
        "input X", expected: "rank 4, or rank 3 and num_heads, with a known last extent", found: "\(type)")
    }
    var size = last
    // Where the heads stand among the axes; what turns them is the same for all.
    let headAxis = type.rank == 4 ? 1 : 2
    if type.rank == 3 {
      guard last % heads == 0 else {
        throw node.failure("input X", expected: "\(heads) heads of equal size", found: "\(type)")
      }
      size = last / heads
      x = try graph.step(node, "heads", .reshape(Reshape(shape: [0, 0, heads, size])), [x])
    }
    let turned = stated == 0 ? size : stated
    guard turned > 0, turned % 2 == 0, turned <= size else {
      throw node.failure(
        "attribute rotary_embedding_dim", expected: "an even number up to \(size)", found: "\(turned)")
    }
    let half = turned / 2
    var angles: [Operand] = []
    for (index, name) in [(1, "cos"), (2, "sin")] {
      var cache = try graph.operand(node, index)
      if let positions = try graph.optionalOperand(node, 3) {
        cache = try graph.step(node, "\(name).positions", .computed(.gather(axis: 0)), [cache, positions])
      }
      let found = graph.type(cache)
      guard found.rank == 3, found.dimensions[2].isCompatible(with: .fixed(half)) else {
        throw node.failure(
          "input \(name)_cache", expected: "\(half) numbers for each position of each item", found: "\(found)"
        )
      }
      angles.append(try graph.step(node, name, .unsqueeze(Unsqueeze(axes: [headAxis])), [cache]))
    }
    func part(
      _ graph: inout GraphReader, _ name: String, start: Int, step: Int = 1, count: Int
    ) throws(ScaleNetError) -> Operand {
      let slice = Slice(axes: [3], starts: [start], steps: [step], counts: [count])
      return try graph.step(node, name, .slice(slice), [x])
    }
    let first = try part(&graph, "first", start: 0, step: isInterleaved ? 2 : 1, count: half)
    let second = try part(
      &graph, "second", start: isInterleaved ? 1 : half, step: isInterleaved ? 2 : 1, count: half)
    func products(
      _ graph: inout GraphReader, _ name: String, _ left: Operand, _ right: Operand, _ op: Binary
    ) throws(ScaleNetError) -> Operand {
      let one = try graph.step(node, "\(name).first", .binary(.mul), [left, first])
      let other = try graph.step(node, "\(name).second", .binary(.mul), [right, second])
      return try graph.step(node, name, .binary(op), [one, other])
    }
    var pair = [
      try products(&graph, "real", angles[0], angles[1], .sub),
      try products(&graph, "imaginary", angles[1], angles[0], .add),
    ]
    if isInterleaved {
      for index in pair.indices {
        pair[index] = try graph.step(node, "column\(index)", .unsqueeze(Unsqueeze(axes: [4])), [pair[index]])
      }
      let both = try graph.step(node, "pairs", .concat(Concat(axis: 4)), pair)
      let shape = headAxis == 1 ? [0, 0, 0, turned] : [0, 0, heads, turned]
      pair = [try graph.step(node, "turned", .reshape(Reshape(shape: shape)), [both])]
    }
    if turned < size { pair.append(try part(&graph, "rest", start: turned, count: size - turned)) }
    if type.rank == 4 {
      try graph.add(node, pair.count == 1 ? .identity(Identity()) : .concat(Concat(axis: 3)), pair)
    } else {
      let whole =
        pair.count == 1 ? pair[0] : try graph.step(node, "whole", .concat(Concat(axis: 3)), pair)
      try graph.add(node, .reshape(Reshape(shape: [0, 0, last])), [whole])
    }
  }

  // MARK: Caches

  /// A cache with an update written over it, from a place on that each item of the batch has for itself.
  private static func readTensorScatter(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let mode = try node.string("mode", default: "linear")
    guard mode == "linear" || mode == "circular" else {
      throw node.failure("attribute mode", expected: "linear or circular", found: mode)
    }
    try node.requireInputs(atMost: 3)
    let (cache, update) = (try graph.operand(node, 0), try graph.operand(node, 1))
    let type = graph.type(update)
    let axis = try node.axis(try node.integer("axis", default: -2), rank: type.rank)
    let extents = type.dimensions.compactMap(\.value)
    guard extents.count == type.rank, graph.type(cache).rank == type.rank, axis > 0,
      let limit = graph.type(cache).dimensions[axis].value
    else {
      throw node.failure(
        "input update", expected: "known extents, and an axis behind the batch", found: "\(type)")
    }
    let places = (0..<extents[axis]).map { Int64($0) }
    let row = [1, extents[axis]] + [Int](repeating: 1, count: type.rank - axis - 1)
    var index = graph.constant("\(node.name).places", Tensor(places, shape: TensorShape(row)))
    if let starts = try graph.optionalOperand(node, 2) {
      let column = try graph.step(
        node, "starts", .reshape(Reshape(shape: [0] + [Int](repeating: 1, count: row.count - 1))), [starts])
      index = try graph.step(node, "moved", .binary(.add), [column, index])
      if mode == "circular" {
        let extent = graph.constant("\(node.name).extent", Tensor([Int64(limit)], shape: []))
        index = try graph.step(node, "wrapped", .binary(.mod(isTruncated: false)), [index, extent])
      }
    }
    // Axes between the batch and the one that is written along.
    if axis > 1 {
      let between = Array(1..<axis)
      index = try graph.step(node, "between", .unsqueeze(Unsqueeze(axes: between)), [index])
    }
    index = try graph.step(node, "all", .expand(Expand(shape: extents)), [index])
    try graph.add(node, .scatterElements(ScatterElements(axis: axis)), [cache, index, update])
  }
}
