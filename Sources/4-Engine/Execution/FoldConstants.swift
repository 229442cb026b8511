public import FileIO
public import ModelIR

/// Replaces nodes whose inputs are all initializers by what the reference evaluator makes of them. Weights that are stored
/// in fewer bits stay so: the nodes that widen them are left.
public struct FoldConstants: GraphPass {
  public let name = "fold constants"
  /// The most bytes of a node's results: what grows beyond is better computed in each run.
  public let limit: Int

  public init(limit: Int = 1 << 28) {
    self.limit = limit
  }

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    var kept: [Node] = []
    for node in graph.nodes {
      let inputs = node.inputs.map { graph.initializer($0) }
      let areKnown = zip(node.inputs, inputs).allSatisfy { id, tensor in id == nil || tensor != nil }
      guard areKnown, !isStorage(node.op), isWithinLimit(node, graph) else {
        kept.append(node)
        continue
      }
      let results = try ReferenceEvaluator.evaluate(node.op, inputs, node: node.name, limit: limit)
      for (id, tensor) in zip(node.outputs, results) {
        graph[id].initializer = tensor
        graph[id].type = TensorType(tensor.dataType, tensor.shape)
      }
    }
    guard kept.count < graph.nodes.count else { return false }
    graph.nodes = kept
    // Extents that depended on values are known now.
    try graph.inferAllTypes()
    graph.removeUnusedValues()
    return true
  }

  /// Whether a node only says how weights are stored.
  private func isStorage(_ op: Operator) -> Bool {
    switch op {
    case .cast, .quantizeLinear, .dequantizeLinear: true
    default: false
    }
  }

  /// Whether the results are small enough, as far as their extents are known.
  private func isWithinLimit(_ node: Node, _ graph: Graph) -> Bool {
    node.outputs.allSatisfy { id in
      let type = graph[id].type
      guard let shape = TensorShape(checking: type.dimensions.compactMap(\.value), byteCount: 8) else {
        return false
      }
      return shape.elementCount <= limit / 8
    }
  }
}
