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
  static let limit = ElementTolerance.foldedWeights.absolute

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
    return Deviation(a, b, .exact).relativeError
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
