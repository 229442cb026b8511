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
      if case .binary(.div) = graph.nodes[index].op {
        SpelledNormalization(view, division: index)
      } else {
        nil
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
    // What is read elsewhere too has to stay.
    guard
      inner.allSatisfy({ node in
        view.consumers[view.output(node).index].allSatisfy { inner.contains($0) || $0 == scaled }
          && !graph.outputs.contains(view.output(node))
      })
    else { return nil }
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
}
