public import FileIO

/// Computes an operator on known inputs. The arithmetic lives above the graph; whoever runs the pass brings it.
public protocol ConstantEvaluator {
  /// The outputs of `op`; nil if it can't be computed here, and the node then stays.
  func evaluate(_ op: Operator, inputs: [Tensor?]) throws(ScaleNetError) -> [Tensor]?
}

/// Replaces nodes whose inputs are all initializers by initializers.
public struct FoldConstants: GraphPass {
  public let name = "fold constants"
  private let evaluator: any ConstantEvaluator

  public init(evaluator: any ConstantEvaluator) {
    self.evaluator = evaluator
  }

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    var kept: [Node] = []
    var isChanged = false
    for node in graph.nodes {
      let inputs = node.inputs.map { graph.initializer($0) }
      let areKnown = zip(node.inputs, inputs).allSatisfy { id, tensor in id == nil || tensor != nil }
      guard areKnown, let results = try evaluator.evaluate(node.op, inputs: inputs) else {
        kept.append(node)
        continue
      }
      for (id, tensor) in zip(node.outputs, results) { graph[id].initializer = tensor }
      isChanged = true
    }
    guard isChanged else { return false }
    graph.nodes = kept
    graph.removeUnusedValues()
    return true
  }
}
