import Execution
import FileIO
import ModelIR

/// Tries at one place whether changes of a graph give what the other graph has there: both parts are given the same
/// numbers and computed in Double.
struct Experiment {
  let engine: DiffEngine
  let site: Site
  /// The graph that is changed: the site's own, or one whose values have the same names.
  let base: Graph
  /// What the other part gives in Double, in its own layout.
  let expected: Tensor
  /// The error of the part as it is, relative to the largest magnitude.
  private(set) var unchanged = Double.infinity
  /// The other's values that parts of the own graph begin with, by the own names and in the own layout.
  private var values: [String: Tensor] = [:]

  /// The largest error of a change that counts as giving the other's values: weights that were folded and rounded to
  /// float32 on one side stay below it.
  static let limit = Tolerance.foldedWeights.absolute

  /// nil if the place cannot be looked at alone.
  ///
  /// - Parameter hypotheses: what will be tried; values for them are computed at once.
  init?(
    _ engine: DiffEngine, _ site: Site, base: Graph? = nil, otherInputs: [String: Tensor],
    _ hypotheses: [Hypothesis]
  ) throws(ScaleNetError) {
    self.engine = engine
    self.site = site
    self.base = base ?? site.own.graph
    let otherCut = Set(site.ownOf.keys).subtracting([site.otherTarget])
    let held = try site.other.graph.subgraph(inputs: otherCut, outputs: [site.otherTarget])
    var names = Set<String>()
    guard let own = Self.part(of: self.base, site) else { return nil }
    names.formUnion(own.inputs.map { own[$0].name })
    for hypothesis in hypotheses {
      guard let graph = Self.changed(self.base, hypothesis, site),
        let part = Self.part(of: graph, site)
      else { continue }
      names.formUnion(part.inputs.map { part[$0].name })
    }
    var partners: [(name: String, own: ValueID, other: ValueID)] = []
    for name in names.sorted() {
      guard let id = site.own.graph.value(named: name), let other = site.otherOf[id] else { continue }
      partners.append((name, id, other))
    }
    let heldIDs = held.inputs.compactMap { site.other.graph.value(named: held[$0].name) }
    guard heldIDs.count == held.inputs.count else { return nil }
    var captured = try Self.capture(
      Set(partners.map(\.other) + heldIDs).sorted(), site.other, otherInputs, engine)
    // Both get the same numbers, those of the narrower type.
    for (_, own, other) in partners {
      guard let tensor = captured[other] else { continue }
      captured[other] = try Self.rounded(
        tensor, to: site.own.graph[own].type.dataType, of: site.own.graph[own].name)
    }
    for (name, own, other) in partners {
      guard let tensor = captured[other], let shape = site.own.graph[own].type.shape,
        let order = AxisOrder.relations(shape.dimensions, tensor.shape.dimensions).first,
        let ordered = order.apply(to: tensor, shape: shape)
      else { continue }
      values[name] = ordered.cast(to: site.own.graph[own].type.dataType)
    }
    var otherValues: [String: Tensor] = [:]
    for id in heldIDs {
      guard let tensor = captured[id] else { return nil }
      otherValues[site.other.graph[id].name] = tensor.cast(to: site.other.graph[id].type.dataType)
    }
    expected = try engine.doubles(held, otherValues)[0].tensor
    if let found = output(of: self.base) {
      unchanged = error(found) ?? (isSameInAnotherShape(found) ? 0 : .infinity)
    }
  }

  /// Whether the own part gives the other's elements under other extents, where that is not what its last node does:
  /// projections of attention have an axis of heads on one side, and none on the other.
  private func isSameInAnotherShape(_ found: Tensor) -> Bool {
    guard let own = site.ownNode, let other = site.otherNode,
      ![own, other].contains(where: { $0.op.family == "Reshape" }),
      AxisOrder.relations(found.shape.dimensions, expected.shape.dimensions).isEmpty,
      let a = try? found.doubles(), let b = try? expected.doubles(), a.count == b.count
    else { return false }
    return Distance(a, b, .exact).relativeError <= Self.limit
  }

  /// The part of a graph from values that have counterparts to the target.
  private static func part(of graph: Graph, _ site: Site) -> Graph? {
    let targetName = site.own.graph[site.ownTarget].name
    var target = graph.value(named: targetName)
    if case .outputs(let id, _) = site.place, let place = site.own.graph.outputs.firstIndex(of: id) {
      // A part that was cut out before has no other output.
      target =
        graph.outputs.count == site.own.graph.outputs.count ? graph.outputs[place] : graph.outputs.first
    }
    guard let target else { return nil }
    var cut = Set<ValueID>()
    for id in site.otherOf.keys {
      let name = site.own.graph[id].name
      if name != targetName || graph[target].name != targetName, let own = graph.value(named: name) {
        cut.insert(own)
      }
    }
    cut.remove(target)
    return try? graph.subgraph(inputs: cut, outputs: [target])
  }

  private static func changed(_ base: Graph, _ hypothesis: Hypothesis, _ site: Site) -> Graph? {
    // A change that does not fit the graph is no candidate.
    guard let base = hypothesis.foldsFirst ? try? base.folded() : base else { return nil }
    if let changed = try? base.applying(hypothesis.edits) { return changed }
    // Extents that are constants far behind may not fit it, which says nothing of this place.
    guard let part = part(of: base, site) else { return nil }
    return try? part.applying(hypothesis.edits)
  }

  /// What the part of a graph makes of the other's values; nil if it can't be computed.
  func output(of graph: Graph, inputType: DataType? = nil) -> Tensor? {
    guard let part = Self.part(of: graph, site) else { return nil }
    var inputs: [String: Tensor] = [:]
    for id in part.inputs { inputs[part[id].name] = values[part[id].name] }
    guard inputs.count == part.inputs.count else { return nil }
    let given = inputType.map { inputs.rounded(to: $0) } ?? inputs
    guard let results = try? engine.doubles(part, given) else { return nil }
    return results.first?.tensor
  }

  /// The largest error as a part of the largest magnitude; nil if the graph can't be computed or the shape is another.
  func error(of graph: Graph, inputType: DataType? = nil) -> Double? {
    output(of: graph, inputType: inputType).flatMap(error)
  }

  /// The same of what a graph has given.
  private func error(_ found: Tensor) -> Double? {
    guard
      let order = AxisOrder.relations(found.shape.dimensions, expected.shape.dimensions).first,
      let ordered = order.apply(to: expected, shape: found.shape),
      let a = try? found.doubles(), let b = try? ordered.doubles()
    else { return nil }
    return Distance(a, b, .exact).relativeError
  }

  /// Whether the change gives the other's values, and the graph without it does not.
  func confirms(_ hypothesis: Hypothesis) -> Bool {
    guard unchanged > Self.limit, engine.search?.mayGoOn() ?? true else { return false }
    engine.search?.addChange(hypothesis.kind)
    guard let graph = Self.changed(base, hypothesis, site),
      let error = error(of: graph, inputType: hypothesis.inputType)
    else { return false }
    return error <= Self.limit && error <= unchanged / 4
  }

  /// Values of a graph, in float32 or the graph's narrower type.
  private static func capture(
    _ ids: [ValueID], _ view: GraphView, _ inputs: [String: Tensor], _ engine: DiffEngine
  ) throws(ScaleNetError) -> [ValueID: Tensor] {
    var result: [ValueID: Tensor] = [:]
    var computed: [ValueID] = []
    for id in ids {
      if view.producers[id.index] == nil {
        result[id] = inputs[view.graph[id].name]
      } else {
        computed.append(id)
      }
    }
    if !computed.isEmpty {
      let part = try view.graph.subgraph(inputs: [], outputs: computed)
      let names = Set(part.inputs.map { part[$0].name })
      let results = try engine.floats(part, inputs.filter { names.contains($0.key) })
      for (id, value) in zip(computed, results) { result[id] = value.tensor }
    }
    for (id, tensor) in result {
      result[id] = try rounded(tensor, to: view.graph[id].type.dataType, of: view.graph[id].name)
    }
    return result
  }

  /// The elements as a type can hold them, as float32; integers, which extents are computed with, as they are.
  private static func rounded(
    _ tensor: Tensor, to type: DataType, of name: String
  ) throws(ScaleNetError) -> Tensor {
    guard tensor.dataType.isFloatingPoint else { return tensor }
    let narrow = type == .float16 || type == .bfloat16 ? tensor.cast(to: type) : tensor
    return Tensor(try narrow.floats(of: name), shape: tensor.shape)
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
