import Execution
import FileIO
import ModelIR

// How far a fault reaches that was found: what else is the same change, and what goes with it.
extension ModelComparison {
  /// The nodes that a fault is about, by their names on each side.
  struct FaultNodes {
    let kind: DiffReport.CauseKind
    let left: Set<String>
    let right: Set<String>

    private static let kinds: Set<DiffReport.CauseKind> = [.missingNode, .addedNode]

    /// Whether it is that a value is read which nodes make that one side has in addition.
    func follows(from other: FaultNodes) -> Bool {
      guard kind == .wiring, Self.kinds.contains(other.kind) else { return false }
      return !left.isEmpty && left.isSubset(of: other.left)
        || !right.isEmpty && right.isSubset(of: other.right)
    }

    /// Whether nodes that one side has in addition are among those that were said to be so, or a value is read there that
    /// these make.
    func isPart(of seen: [FaultNodes]) -> Bool {
      seen.contains { known in
        guard Self.kinds.contains(known.kind) else { return false }
        if kind == .wiring {
          return !left.isDisjoint(with: known.left) || !right.isDisjoint(with: known.right)
        }
        return kind == known.kind && left.isSubset(of: known.left) && right.isSubset(of: known.right)
      }
    }
  }

  /// How far a cause reaches, and both graphs without it.
  struct Extent {
    var left: Graph
    var right: Graph
    /// Whether the outputs agree then.
    var isAll: Bool
    var count: Int
    var ops: [String]
    /// How many nodes of these operators there are.
    var total = 0
    /// Whether the graphs without it can be computed: extents that a file has as constants may not fit others.
    var canGoOn = true
    /// Attributes behind it that differ too, without which the graph's extents do not fit.
    var companions: [Fault] = []
    /// The hypothesis of the place that tells most of the cause, where this is another than the first.
    var telling: Hypothesis?
  }

  /// The most attributes that are changed together.
  private static let mostCompanions = 4

  /// The left's graph with a fault undone and what goes with it: a stride that stands in another convolution does in two.
  /// nil where extents do not fit then either.
  private func fitting(_ fault: Fault, _ aligned: AlignedGraphs) -> (graph: Graph, companions: [Fault])? {
    guard !fault.isReversed, case .nodes(let place, _) = fault.parting.place else { return nil }
    var edits = fault.hypothesis.edits
    var companions: [Fault] = []
    for pair in aligned.pairs where pair.leftNode > place && companions.count < Self.mostCompanions {
      let site = Site(aligned, .nodes(own: pair.leftNode, other: pair.rightNode))
      guard let hypothesis = AttributeCauses.hypotheses(site).first, hypothesis.edits.count == 1,
        case .setOperator = hypothesis.edits[0]
      else { continue }
      edits += hypothesis.edits
      companions.append(
        Fault(
          parting: Parting(place: site.place, outputError: .infinity), hypothesis: hypothesis,
          isReversed: false,
          base: fault.base))
      if let graph = try? fault.base.applying(edits) { return (graph, companions) }
    }
    return nil
  }

  /// Undoes a fault alone, with what goes with it, or at all places where the same change applies.
  func extent(
    of fault: Fault, _ aligned: AlignedGraphs, _ form: ComparableForm, _ outputs: ComparedOutputs,
    _ leftGraph: Graph, _ rightGraph: Graph
  ) -> Extent {
    func graphs(_ edits: [GraphEdit]) -> (left: Graph, right: Graph)? {
      guard let changed = try? fault.base.applying(edits) else { return nil }
      if fault.isReversed { return (leftGraph, changed) }
      return (changed, rightGraph)
    }
    guard let first = graphs(fault.hypothesis.edits) else {
      if let (graph, companions) = fitting(fault, aligned) {
        return Extent(
          left: graph, right: rightGraph, isAll: agree(graph, rightGraph, outputs), count: 1, ops: [],
          companions: companions)
      }
      return Extent(left: leftGraph, right: rightGraph, isAll: false, count: 1, ops: [], canGoOn: false)
    }
    var result = Extent(left: first.left, right: first.right, isAll: false, count: 1, ops: [])
    if agree(first.left, first.right, outputs) {
      result.isAll = true
      return result
    }
    let everywhere = everywhere(fault, aligned, form)
    let total = fault.base.nodes.count { everywhere.ops.contains($0.op.name) }
    // A few of many are faults of their own, each with its own place.
    let areFew =
      everywhere.count > 1 && everywhere.count < CauseSearch.mostFaults && everywhere.count * 2 <= total
    guard everywhere.places > 1, !areFew || fault.hypothesis.kind.isConvention,
      let all = graphs(everywhere.edits)
    else { return result }
    result = Extent(
      left: all.left, right: all.right, isAll: agree(all.left, all.right, outputs), count: everywhere.count,
      ops: everywhere.ops, total: total)
    result.telling = everywhere.telling
    return result
  }

  /// The same kind of change at all places where it applies; one node may be changed at several.
  private func everywhere(
    _ fault: Fault, _ aligned: AlignedGraphs, _ form: ComparableForm
  ) -> (edits: [GraphEdit], places: Int, count: Int, ops: [String], telling: Hypothesis?) {
    var edits: [GraphEdit] = []
    var places = 0
    var nodes = Set<String>()
    var ops = Set<String>()
    if case .nodes = fault.parting.place, fault.hypothesis.kind == .batchNormEpsilon,
      fault.base.nodes.contains(where: { !fault.hypothesis.likewise($0, fault.base).isEmpty })
    {
      for node in fault.base.nodes {
        let own = fault.hypothesis.likewise(node, fault.base)
        edits += own
        if !own.isEmpty {
          places += 1
          nodes.insert(node.name)
          ops.insert(node.op.name)
        }
      }
      return (edits, places, nodes.count, ops.sorted(), nil)
    }
    // Channels of small variance show an epsilon as a factor that anything might be; where the others show it, it is one.
    let isDirected = fault.hypothesis.signature.hasPrefix(ConstantCauses.directedSignature)
    var ofEpsilons: [Hypothesis] = []
    let folded = FoldedCauses(form)
    for pair in aligned.pairs {
      let site = Site(aligned, .nodes(own: pair.leftNode, other: pair.rightNode))
      // The last of a family is all that it finds there.
      // A half type is in casts and in constants.
      let isHalf = fault.hypothesis.kind == .halfPrecision
      let alike = causeFamilies.compactMap { family in
        folded.refined(family.hypotheses(site), site).last {
          ($0.kind == fault.hypothesis.kind || isDirected)
            && (isHalf || $0.signature == fault.hypothesis.signature)
        }
      }
      guard !alike.isEmpty else { continue }
      edits += alike.flatMap(\.edits)
      places += 1
      ofEpsilons += alike.filter { isDirected && $0.kind == .batchNormEpsilon }.prefix(1)
      nodes.formUnion(alike.map { $0.node ?? $0.otherNode ?? "\(places)" })
      ops.formUnion(alike.compactMap { Self.op(of: $0, aligned) })
    }
    return (
      edits, places, nodes.count, ops.sorted(), ofEpsilons.count * 2 >= places ? ofEpsilons.first : nil
    )
  }

  /// The operator of the node that a hypothesis is about, on the side that has it; nil where it is about many.
  private static func op(of hypothesis: Hypothesis, _ aligned: AlignedGraphs) -> String? {
    if hypothesis.signature == AttributeCauses.integerSignature { return nil }
    if let name = hypothesis.node, let index = aligned.left.graph.nodeIndex(named: name) {
      return aligned.left.graph.nodes[index].op.name
    }
    guard let name = hypothesis.otherNode, let index = aligned.right.graph.nodeIndex(named: name) else {
      return nil
    }
    return aligned.right.graph.nodes[index].op.name
  }
}

extension ModelComparison.Fault {
  /// The nodes that it is about.
  var nodes: ModelComparison.FaultNodes {
    let (own, other) = (hypothesis.nodes.own, hypothesis.nodes.other)
    return ModelComparison.FaultNodes(
      kind: hypothesis.kind, left: isReversed ? other : own, right: isReversed ? own : other)
  }
}
