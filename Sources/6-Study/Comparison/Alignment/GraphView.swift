import ModelIR

/// A graph with what alignment asks of it again and again.
struct GraphView {
  let graph: Graph
  let producers: [Int?]
  let consumers: [[Int]]
  /// For each convolution or product whose result only a BatchNormalization reads, maybe behind a Resize, and for such
  /// a Resize: that node.
  let normalization: [Int?]
  /// Whether a normalisation could be folded into the node, or into the one that it resizes.
  let isFoldable: [Bool]

  init(_ graph: Graph) {
    self.graph = graph
    let producers = graph.producers()
    let consumers = graph.consumers()
    self.producers = producers
    self.consumers = consumers
    func soleConsumer(_ index: Int) -> Int? {
      let output = graph.nodes[index].outputs[0]
      guard consumers[output.index].count == 1, !graph.outputs.contains(output) else { return nil }
      return consumers[output.index][0]
    }
    let isFoldable = graph.nodes.map { node in
      if node.op.isLinear { return true }
      guard case .resize = node.op, let input = node.inputs[0], let before = producers[input.index] else {
        return false
      }
      return graph.nodes[before].op.isLinear && soleConsumer(before) != nil
    }
    self.isFoldable = isFoldable
    normalization = graph.nodes.indices.map { index in
      guard isFoldable[index], var next = soleConsumer(index) else { return nil }
      if graph.nodes[index].op.isLinear, case .resize = graph.nodes[next].op {
        guard let behind = soleConsumer(next) else { return nil }
        next = behind
      }
      guard case .batchNormalization = graph.nodes[next].op else { return nil }
      return next
    }
  }

  /// The inputs of a node that are computed from the graph's inputs, looking through what some formats add between nodes.
  func activations(_ index: Int) -> [ValueID] {
    graph.nodes[index].inputs.compactMap { $0 }.filter { graph[$0].initializer == nil }.map(resolved)
  }

  /// The value behind Identity, Cast and Pad: some formats spell margins as nodes of their own.
  func resolved(_ id: ValueID) -> ValueID {
    var id = id
    while let producer = producers[id.index], let input = graph.nodes[producer].inputs[0] {
      switch graph.nodes[producer].op {
      case .identity, .cast, .pad: id = input
      default: return id
      }
    }
    return id
  }

  /// Whether a value is an input of the graph.
  func isInput(_ id: ValueID?) -> Bool { id.map(graph.inputs.contains) ?? false }

  /// Whether a value is an input of the graph, or one that was prepared: nothing with weights has read it yet.
  func isImage(_ id: ValueID) -> Bool {
    var waiting = [id]
    var seen = Set<ValueID>()
    while let id = waiting.popLast() {
      guard seen.insert(id).inserted, let producer = producers[id.index] else { continue }
      if graph.nodes[producer].op.hasWeight { return false }
      waiting += graph.nodes[producer].inputs.compactMap { $0 }
    }
    return true
  }

  /// The parameters of a node, in its order.
  func parameters(_ index: Int) -> [ValueID] {
    graph.nodes[index].inputs.compactMap { $0 }.filter { graph[$0].initializer != nil }
  }

  func output(_ index: Int) -> ValueID { graph.nodes[index].outputs[0] }

  func shape(_ id: ValueID) -> [Int] { graph[id].type.dimensions.compactMap(\.value) }

  /// Whether a node is a Transpose of a value whose counterpart in another graph lies in another order of the axes.
  func turnsLayout(_ node: Node, _ partners: [ValueID: ValueID], in other: GraphView) -> Bool {
    guard case .transpose = node.op, let input = node.inputs[0], let partner = partners[input] else {
      return false
    }
    return shape(input) != other.shape(partner)
  }
}

extension Operator {
  /// Whether a normalisation after it can be folded into its weights.
  var isLinear: Bool {
    switch self {
    case .conv, .gemm: true
    case .convTranspose(let op): op.group == 1
    default: false
    }
  }

  /// Operators that do the same under several names count as one.
  var family: String {
    switch self {
    case .flatten, .reshape: "Reshape"
    default: name
    }
  }
}
