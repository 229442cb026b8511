import FileIO
import ModelIR

/// A change of one node.
enum GraphEdit {
  case setOperator(node: String, Operator)
  /// Another tensor in the place of a parameter: the node's input of this number.
  case setParameter(node: String, input: Int, Tensor)
}

extension Graph {
  /// The graph with changes. Nodes that it does not have are passed over.
  func applying(_ edits: [GraphEdit]) throws(ScaleNetError) -> Graph {
    var graph = self
    for edit in edits {
      switch edit {
      case .setOperator(let name, let op):
        guard let index = graph.nodeIndex(named: name) else { continue }
        graph.nodes[index].op = op
      case .setParameter(let name, let input, let tensor):
        guard let index = graph.nodeIndex(named: name) else { continue }
        let id = try graph.addInitializer(graph.unusedName("\(name).changed.\(input)"), tensor)
        graph.nodes[index].inputs[input] = id
      }
    }
    try graph.inferAllTypes()
    return graph
  }

  /// The graph with every normalisation that can be folded in its convolution.
  func folded() throws(ScaleNetError) -> Graph {
    var graph = self
    try graph.apply([FoldBatchNormalization()])
    return graph
  }
}
