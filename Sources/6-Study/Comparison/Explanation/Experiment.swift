import Execution
import FileIO
import ModelIR

/// A part of one side's graph, the inputs that the other side's part has, and what that makes of them: all that is
/// needed to try whether a change of the one gives the other.
struct Experiment {
  let engine: DiffEngine
  /// The part that is changed.
  let own: Graph
  /// The part that it is held against.
  let other: Graph
  /// What the changed part is given: the other side's values in this side's layout.
  let inputs: [String: Tensor]
  /// What the other part gives in Double, in its own layout.
  let expected: Tensor
  /// The error of the part as it is, relative to the largest magnitude.
  private(set) var unchanged = Double.infinity

  /// The largest error of a change that counts as giving the other's values: weights that were folded and rounded to
  /// float32 on one side stay below it.
  static let limit = Tolerance.foldedWeights.absolute

  init(
    engine: DiffEngine, own: Graph, other: Graph, inputs: [String: Tensor], otherInputs: [String: Tensor]
  ) throws(ScaleNetError) {
    self.engine = engine
    self.own = own
    self.other = other
    self.inputs = inputs
    expected = try engine.doubles(other, otherInputs)[0].tensor
    unchanged = error(of: own) ?? .infinity
  }

  /// What a graph makes of the inputs, maybe rounded to a type; nil if it can't be computed.
  func output(of graph: Graph, inputType: DataType? = nil) -> Tensor? {
    let inputs = inputType.map { self.inputs.rounded(to: $0) } ?? self.inputs
    // A change that does not fit the graph is no candidate.
    guard let results = try? engine.doubles(graph, inputs) else { return nil }
    return results.first?.tensor
  }

  /// The largest error as a part of the largest magnitude; nil if the graph can't be computed or the shape is another.
  func error(of graph: Graph, inputType: DataType? = nil) -> Double? {
    guard let id = graph.outputs.first, let shape = graph[id].type.shape,
      let order = AxisOrder.relations(shape.dimensions, expected.shape.dimensions).first,
      let found = output(of: graph, inputType: inputType),
      let ordered = order.apply(to: expected, shape: found.shape),
      let a = try? found.doubles(), let b = try? ordered.doubles()
    else { return nil }
    return Distance(a, b, .exact).relativeError
  }

  /// The graph after a hypothesis' change; nil if it does not fit.
  func changed(_ hypothesis: Hypothesis) -> Graph? {
    guard let base = hypothesis.foldsFirst ? try? own.folded() : own else { return nil }
    return try? base.applying(hypothesis.edits)
  }

  /// Whether the change gives the other's values, and the graph without it does not.
  func confirms(_ hypothesis: Hypothesis) -> Bool {
    guard unchanged > Self.limit, let graph = changed(hypothesis),
      let error = error(of: graph, inputType: hypothesis.inputType)
    else {
      return false
    }
    return error <= Self.limit && error <= unchanged / 4
  }
}

extension [String: Tensor] {
  /// The same numbers as a narrower type can hold them, in their own types. What it can't hold stays.
  func rounded(to type: DataType) -> [String: Tensor] {
    mapValues { tensor in
      guard let elements = try? tensor.cast(to: type).floats() else { return tensor }
      return Tensor(elements, shape: tensor.shape).cast(to: tensor.dataType)
    }
  }
}

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

  /// The graph with a hypothesis' change of its own nodes; nil if it does not fit.
  func changed(_ hypothesis: Hypothesis) -> Graph? {
    guard let base = hypothesis.foldsFirst ? try? graph.folded() : graph else { return nil }
    return try? base.applying(hypothesis.edits)
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
