import Execution
import ModelIR

/// Whole graphs that are held against what the other side gave, in float32 and by the comparison's tolerance.
struct Trial {
  let engine: DiffEngine
  let graph: Graph
  let inputs: [String: Tensor]
  /// The other side's outputs, by the place among the graph's own.
  let expected: [(place: Int, output: NamedTensor)]
  let tolerance: Tolerance

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
      return Distance(a, b, tolerance).isWithinTolerance
    }
  }

  /// The inputs as a hypothesis has them.
  func inputs(of hypothesis: Hypothesis) -> [String: Tensor] {
    hypothesis.inputType.map { inputs.rounded(to: $0) } ?? inputs
  }

  /// A graph with the change of all nodes that it applies to.
  struct Everywhere {
    var graph: Graph
    var nodes: Int
    /// The kinds of these nodes, sorted.
    var ops: [String]
  }

  /// The graph with a hypothesis' change of all nodes that it applies to; nil if it does not fit.
  func changedEverywhere(_ hypothesis: Hypothesis) -> Everywhere? {
    guard let base = hypothesis.foldsFirst ? try? graph.folded() : graph else { return nil }
    var edits: [GraphEdit] = []
    var ops: [String] = []
    for node in base.nodes {
      let own = hypothesis.likewise(node, base)
      edits += own
      if !own.isEmpty { ops.append(node.op.name) }
    }
    guard !edits.isEmpty, let changed = try? base.applying(edits) else { return nil }
    return Everywhere(graph: changed, nodes: ops.count, ops: Set(ops).sorted())
  }
}
