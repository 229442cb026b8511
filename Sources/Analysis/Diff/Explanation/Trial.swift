import Execution
import ModelIR

/// Whole graphs that are held against what the other side gave, in float32 and by the comparison's tolerance.
struct Trial {
  let engine: DiffEngine
  let graph: Graph
  let inputs: [String: Tensor]
  /// The other side's outputs, by the place among the graph's own.
  let expected: [(place: Int, output: NamedTensor)]
  let tolerance: ElementTolerance

  /// Whether a graph, maybe with other inputs, gives the other's outputs.
  func gives(_ graph: Graph, _ inputs: [String: Tensor]? = nil) -> Bool {
    // A change that does not fit the graph is no candidate.
    guard let results = try? engine.floats(graph, inputs ?? self.inputs) else { return false }
    return expected.allSatisfy { place, output in
      guard place < results.count else { return false }
      let found = results[place].tensor
      guard
        let order = AxisOrder.relations(found.shape.dimensions, output.tensor.shape.dimensions).first,
        let ordered = order.apply(to: output.tensor, shape: found.shape), let a = try? found.floats(),
        let b = try? ordered.floats()
      else { return false }
      return Deviation(a, b, tolerance).isWithinTolerance
    }
  }

  /// The graph with a hypothesis' change of its own nodes; nil if it does not fit.
  func changed(_ hypothesis: Hypothesis) -> Graph? {
    guard let base = hypothesis.foldsFirst ? try? graph.folded() : graph else { return nil }
    return try? base.applying(hypothesis.edits)
  }

  /// The graph with the change of all nodes that it applies to, and how many these are; nil if it does not fit.
  func changedEverywhere(_ hypothesis: Hypothesis) -> (graph: Graph, nodes: Int)? {
    guard let base = hypothesis.foldsFirst ? try? graph.folded() : graph else { return nil }
    let lists = base.nodes.map { hypothesis.likewise($0, base) }.filter { !$0.isEmpty }
    guard !lists.isEmpty, let changed = try? base.applying(lists.flatMap { $0 }) else { return nil }
    return (changed, lists.count)
  }
}
