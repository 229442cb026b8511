import FileIO
import ModelIR

extension Graph {
  /// Whether a layer normalisation is one node.
  var hasLayerNormalization: Bool {
    nodes.contains { if case .layerNormalization = $0.op { true } else { false } }
  }

  /// With one node for each layer normalisation that is spelled out, as exporters do before opset 17:
  /// d = x - mean(x), d / sqrt(mean(d^2) + epsilon) * scale + shift.
  func withWholeLayerNormalizations() throws(ScaleNetError) -> Graph {
    var graph = self
    let parts = SpelledNormalization.all(in: self)
    if parts.isEmpty { return self }
    var removed = Set<Int>()
    for part in parts {
      graph.nodes[part.end].op = .layerNormalization(
        LayerNormalization(axis: part.axis, epsilon: part.epsilon))
      graph.nodes[part.end].inputs = [part.input, part.scale] + (part.shift.map { [$0] } ?? [])
      removed.formUnion(part.inner)
    }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    try graph.inferAllTypes()
    return graph
  }
}

/// A layer normalisation that is spelled out in nodes.
private struct SpelledNormalization {
  var input: ValueID
  var scale: ValueID
  var shift: ValueID?
  var axis: Int
  var epsilon: Float
  /// The node that makes the result, and those before it that nothing else reads.
  var end: Int
  var inner: [Int]

  static func all(in graph: Graph) -> [SpelledNormalization] {
    let view = GraphView(graph)
    return graph.nodes.indices.compactMap { index in
      switch graph.nodes[index].op {
      case .binary(.div): SpelledNormalization(view, division: index)
      case .binary(.add): SpelledNormalization(view, sum: index)
      default: nil
      }
    }
  }

  private init?(_ view: GraphView, division: Int) {
    let graph = view.graph
    func producer(_ id: ValueID?) -> Int? { id.flatMap { view.producers[$0.index] } }
    func constant(_ id: ValueID?) -> ValueID? { id.flatMap { graph[$0].initializer == nil ? nil : $0 } }
    /// The constant that one of two inputs is.
    func constant(of node: Int) -> ValueID? {
      let inputs = graph.nodes[node].inputs
      return inputs.count == 2 ? constant(inputs[1]) ?? constant(inputs[0]) : nil
    }
    func meanAxes(_ node: Int?) -> [Int]? {
      guard let node, case .reduce(let reduce) = graph.nodes[node].op, reduce.function == .mean,
        reduce.keepsAxes
      else { return nil }
      return reduce.axes
    }
    func soleReader(_ node: Int) -> Int? {
      let output = view.output(node)
      guard view.consumers[output.index].count == 1, !graph.outputs.contains(output) else { return nil }
      return view.consumers[output.index][0]
    }
    let read = graph.nodes[division].inputs
    guard let difference = producer(read[0]), case .binary(.sub) = graph.nodes[difference].op,
      let root = producer(read[1]), case .unary(.sqrt) = graph.nodes[root].op,
      let sum = producer(graph.nodes[root].inputs[0]), case .binary(.add) = graph.nodes[sum].op,
      let epsilon = constant(of: sum), let tensor = graph[epsilon].initializer, tensor.elementCount == 1,
      let number = (try? tensor.floats())?.first,
      let variance = graph.nodes[sum].inputs.compactMap(producer).first, let axes = meanAxes(variance),
      let square = producer(graph.nodes[variance].inputs[0]),
      let x = graph.nodes[difference].inputs[0], let mean = producer(graph.nodes[difference].inputs[1]),
      meanAxes(mean) == axes, graph.nodes[mean].inputs[0] == x, let first = axes.first,
      let rank = graph[x].type.shape?.rank, axes == Array(first..<rank)
    else { return nil }
    let d = view.output(difference)
    switch graph.nodes[square].op {
    case .binary(.mul): guard graph.nodes[square].inputs == [d, d] else { return nil }
    case .binary(.pow):
      guard graph.nodes[square].inputs[0] == d, let two = constant(graph.nodes[square].inputs[1]),
        let held = graph[two].initializer, held.elementCount == 1, (try? held.doubles())?.first == 2
      else { return nil }
    default: return nil
    }
    guard let scaled = soleReader(division), case .binary(.mul) = graph.nodes[scaled].op,
      let scale = constant(of: scaled)
    else { return nil }
    var inner = [mean, difference, square, variance, sum, root, division]
    guard Self.areReadNowhereElse(inner, before: scaled, view) else { return nil }
    (input, self.scale, axis, self.epsilon, end) = (x, scale, first, number, scaled)
    if let added = soleReader(scaled), case .binary(.add) = graph.nodes[added].op,
      let shift = constant(of: added)
    {
      self.shift = shift
      inner.append(scaled)
      end = added
    }
    self.inner = inner
  }

  /// Whether only these nodes and one behind them read what they give: what is read elsewhere too has to stay.
  private static func areReadNowhereElse(_ inner: [Int], before end: Int, _ view: GraphView) -> Bool {
    inner.allSatisfy { node in
      view.consumers[view.output(node).index].allSatisfy { inner.contains($0) || $0 == end }
        && !view.graph.outputs.contains(view.output(node))
    }
  }

  /// As TensorFlow's `batch_normalization` spells it: x * s + (shift - mean(x) * s) with
  /// s = scale / sqrt(mean((x - mean(x))^2) + epsilon).
  private init?(_ view: GraphView, sum end: Int) {
    let graph = view.graph
    var inner = Set<Int>()
    /// The node that makes a value, if its operator is the wanted one.
    func node(_ id: ValueID?, where isWanted: (Operator) -> Bool) -> Node? {
      guard let id, let index = view.producers[id.index], isWanted(graph.nodes[index].op) else { return nil }
      inner.insert(index)
      return graph.nodes[index]
    }
    func binary(_ id: ValueID?, _ function: Binary) -> [ValueID]? {
      node(id) { if case .binary(function) = $0 { true } else { false } }?.inputs.compactMap { $0 }
    }
    func unary(_ id: ValueID?, _ function: Unary) -> ValueID? {
      node(id) { if case .unary(function) = $0 { true } else { false } }?.inputs[0]
    }
    func constant(_ id: ValueID) -> Tensor? { graph[id].initializer }
    /// What a value is the mean over the last axis of.
    func averaged(_ id: ValueID?) -> ValueID? {
      guard let id else { return nil }
      if let reduced = node(
        id,
        where: {
          if case .reduce(let reduce) = $0 { reduce.function == .mean && reduce.keepsAxes } else { false }
        })
      {
        guard case .reduce(let reduce) = reduced.op, let source = reduced.inputs[0],
          let rank = graph[source].type.shape?.rank, reduce.axes == [rank - 1]
        else { return nil }
        return source
      }
      // A pool of planes, whose extents are those of the last axis.
      func reshaped(_ id: ValueID?) -> ValueID? {
        node(id) { if case .reshape = $0 { true } else { false } }?.inputs[0] ?? id
      }
      guard
        let pool = node(reshaped(id), where: { if case .globalPool(.average) = $0 { true } else { false } }),
        let planes = pool.inputs[0], let source = reshaped(planes),
        let extents = graph[source].type.shape?.dimensions,
        let pooled = graph[planes].type.shape?.dimensions, let last = extents.last,
        pooled.dropFirst(2).reduce(1, *) == last,
        graph[id].type.shape?.dimensions == extents.dropLast() + [1]
      else { return nil }
      return source
    }
    let terms = graph.nodes[end].inputs.compactMap { $0 }
    guard terms.count == 2,
      let (product, rest) = [(terms[0], terms[1]), (terms[1], terms[0])].first(where: { pair in
        view.producers[pair.1.index].map {
          if case .binary(.sub) = graph.nodes[$0].op { true } else { false }
        } ?? false
      }), let factors = binary(product, .mul), factors.count == 2, let parts = binary(rest, .sub),
      parts.count == 2, constant(parts[0]) != nil, let moved = binary(parts[1], .mul), moved.count == 2,
      let factor = factors.first(where: moved.contains), let x = factors.first(where: { $0 != factor }),
      let mean = moved.first(where: { $0 != factor }), averaged(mean) == x,
      let scaled = binary(factor, .mul), scaled.count == 2,
      let scale = scaled.first(where: { constant($0) != nil }),
      let root = scaled.first(where: { $0 != scale }),
      let deviation = unary(unary(root, .reciprocal), .sqrt), let added = binary(deviation, .add),
      added.count == 2,
      let epsilon = added.first(where: { constant($0)?.elementCount == 1 }),
      let number = (try? constant(epsilon)?.floats())?.first,
      let square = averaged(added.first { $0 != epsilon }), let squared = binary(square, .mul),
      squared.count == 2, squared[0] == squared[1], binary(squared[0], .sub) == [x, mean],
      let extents = graph[x].type.shape?.dimensions, let last = extents.last,
      constant(scale)?.shape.dimensions == [last], constant(parts[0])?.shape.dimensions == [last]
    else { return nil }
    guard Self.areReadNowhereElse(inner.sorted(), before: end, view) else { return nil }
    (input, self.scale, shift, axis, self.epsilon, self.end) = (
      x, scale, parts[0], extents.count - 1, number, end
    )
    self.inner = inner.sorted()
  }
}
