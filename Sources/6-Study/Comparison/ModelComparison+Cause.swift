import Execution
import FileIO
import ModelIR

/// The families of causes, in the order in which they are tried.
///
/// Where inputs come from is looked at first: what a node computes of other inputs says nothing of the node. An operator
/// or attribute comes before constants, since constants follow it (a convolution in groups has another weight), and not
/// the other way round.
let causeFamilies: [any CauseFamily.Type] = [WiringCauses.self, AttributeCauses.self, ConstantCauses.self]

extension ModelComparison {
  /// How many places are looked at for each, and as many more where values part suddenly.
  private static let mostPlaces = 12
  /// How many times the inputs' error that is.
  private static let suddenFactor = 50.0

  /// Finds where both graphs part, and by experiment why; what was found is undone, and the search goes on behind it.
  func explain(_ report: inout DiffReport, _ outputs: ComparedOutputs) throws(ScaleNetError) {
    guard var leftGraph = left.graph, var rightGraph = right.graph else { return }
    // A matrix with a row more says less than what the outputs show.
    if report.verdict == .differ, let cause = backgroundCause(outputs) ?? exchangedOutputs(outputs) {
      report.cause = cause
      return
    }
    let search = CauseSearch([leftGraph, rightGraph], budget: searchBudget)
    let searching = searching(search)
    var causes: [DiffReport.Cause] = []
    var seen: [FaultNodes] = []
    var found = 0
    var isAll = false
    var canGoOn = true
    for round in 0..<CauseSearch.mostFaults {
      search.begin()
      let form = try ComparableForm(leftGraph, rightGraph)
      let faults = try places(form, outputs)
      if round == 0 { report.firstDivergence = faults.places.first.map { divergence($0, faults.aligned) } }
      guard
        let fault = try searching.fault(
          faults.aligned, Self.searched(faults.places), form, leftGraph, rightGraph)
      else { break }
      found += 1
      if round == 0 { report.firstDivergence = divergence(fault, faults.aligned) }
      var extent = searching.extent(of: fault, faults.aligned, form, outputs, leftGraph, rightGraph)
      if !extent.isAll, let turned = try searching.turned(fault, faults.aligned, form) {
        let other = searching.extent(of: turned, faults.aligned, form, outputs, leftGraph, rightGraph)
        if other.isAll { extent = other }
      }
      let nodes = fault.nodes
      if let last = causes.indices.last, nodes.isPart(of: seen) {
        // Another reader of what was left out or added is no other fault.
        if extent.isAll {
          causes[last].explanation = "\(causes[last].explanation.dropLast()); with that both give the same."
        }
      } else {
        // That a value is read elsewhere follows from its being left out or added.
        if let last = seen.last, last.follows(from: nodes), !causes.isEmpty {
          causes.removeLast()
          if causes.isEmpty { report.firstDivergence = divergence(fault, faults.aligned) }
        }
        causes += describe(fault, extent)
      }
      seen.append(nodes)
      (leftGraph, rightGraph) = (extent.left, extent.right)
      isAll = extent.isAll
      canGoOn = extent.canGoOn
      if isAll || !canGoOn { break }
    }
    if causes.isEmpty, report.verdict == .differ,
      let cause = softmaxCause(outputs) ?? searching.wholeGraphCause(outputs)
    {
      causes = [cause]
      isAll = true
    }
    // With all of them undone both give the same, so that each is one.
    if isAll { for index in causes.indices { causes[index].confirmed = true } }
    if !isAll {
      let hindrance =
        canGoOn ? (found > 0 && outputs.haveNonfinite ? .noNumbers : nil) : CauseSearch.Hindrance.unfit
      let tried = search.report(behind: found, hindrance)
      report.search = tried
      if !causes.isEmpty { causes[causes.count - 1].explanation += " \(tried.explanation)" }
    }
    report.cause = causes.first
    report.otherCauses = Array(causes.dropFirst())
  }

  /// This comparison with an engine whose work counts as that of a search.
  func searching(_ search: CauseSearch) -> ModelComparison {
    var result = self
    result.engine.search = search
    return result
  }

  /// A place where values part, and by how much.
  struct Parting {
    var place: Site.Place
    /// The largest error among the inputs that both have; nil if there are none.
    var inputError: Double?
    var outputError: Double
  }

  /// A confirmed hypothesis and where it holds.
  struct Fault {
    var parting: Parting
    var hypothesis: Hypothesis
    var isReversed: Bool
    /// The graph that is changed: the comparable form's, or the side's own.
    var base: Graph
  }

  /// Aligns both graphs, and lists where values part in the order of running: where the error of what a node makes is
  /// far above that of what it reads. A fixed limit would name what rounding has grown to in a deep network.
  private func places(
    _ form: ComparableForm, _ outputs: ComparedOutputs
  ) throws(ScaleNetError) -> (aligned: AlignedGraphs, places: [Parting]) {
    var runner = PairRunner(
      engine: engine, left: (form.left, inputs(isLeft: true, of: form.left)),
      right: (form.right, inputs(isLeft: false, of: form.right)))
    runner.budget = valueBudget
    let ends = outputs.all.map { (left: form.left.outputs[$0.left], right: form.right.outputs[$0.right]) }
    let aligned = try AlignedGraphs(
      runner, inputs: inputIDs(form.left, form.right), outputs: ends,
      // What a wide tolerance allows is no sign that two values are the same one.
      tolerance: .float32, mayBeFolded: false)
    let distances = try runner.distances(aligned.pairs, .exact, in: Double.self)
    let read = aligned.inputPairs()
    var result: [Parting] = []
    for (index, pair) in aligned.pairs.enumerated() {
      let error = distances[index].relativeError
      let inputError = read[index].map { $0 < 0 ? 0 : distances[$0].relativeError }.max()
      guard error > Experiment.limit, error > 4 * (inputError ?? 0) else { continue }
      result.append(
        Parting(
          place: .nodes(own: pair.leftNode, other: pair.rightNode), inputError: inputError, outputError: error
        ))
    }
    for pair in ends where aligned.leftOf[pair.right] != pair.left {
      result.append(
        Parting(place: .outputs(own: pair.left, other: pair.right), inputError: nil, outputError: .infinity))
    }
    return (aligned, result)
  }

  /// The first places, and behind them those where values part suddenly: in a network that amplifies rounding, that of
  /// folded weights parts values in many places before a fault.
  private static func searched(_ places: [Parting]) -> [Parting] {
    let sudden = places.dropFirst(mostPlaces).filter {
      $0.outputError > suddenFactor * max($0.inputError ?? 0, Experiment.limit)
    }
    return Array(places.prefix(mostPlaces)) + sudden.prefix(mostPlaces)
  }

  /// The first place at which a hypothesis is confirmed.
  private func fault(
    _ aligned: AlignedGraphs, _ places: [Parting], _ form: ComparableForm, _ leftGraph: Graph,
    _ rightGraph: Graph
  ) throws(ScaleNetError) -> Fault? {
    let folded = FoldedCauses(form)
    for parting in places {
      guard engine.search?.mayGoOn() ?? true else { return nil }
      engine.search?.addPlace()
      let site = Site(aligned, parting.place)
      var hypotheses = folded.refined(causeFamilies.flatMap { $0.hypotheses(site) }, site)
      if hypotheses.count > 1 { hypotheses.append(Self.together(hypotheses)) }
      let experiment = try Experiment(
        engine, site, otherInputs: inputs(isLeft: false, of: form.right), hypotheses)
      guard let experiment, experiment.unchanged > Experiment.limit else { continue }
      if form.isFolded,
        hypotheses.allSatisfy({ [.differentWeights, .missingBias, .batchNormEpsilon].contains($0.kind) }),
        let fault = try foldedFault(aligned, parting, leftGraph, rightGraph)
      {
        return fault
      }
      if let hypothesis = hypotheses.first(where: experiment.confirms) {
        return Fault(parting: parting, hypothesis: hypothesis, isReversed: false, base: form.left)
      }
    }
    return nil
  }

  /// The same fault undone on the right side; nil if that does not give the left's values. What stands behind may fit one
  /// side's spelling only: zeros in the margins of a maximum do as long as a Relu stands before.
  private func turned(
    _ fault: Fault, _ aligned: AlignedGraphs, _ form: ComparableForm
  ) throws(ScaleNetError) -> Fault? {
    guard !fault.isReversed, engine.search?.mayGoOn() ?? true else { return nil }
    let site = Site(aligned, fault.parting.place.reversed, isReversed: true)
    let hypotheses = causeFamilies.flatMap { $0.hypotheses(site) }.filter {
      $0.node == fault.hypothesis.otherNode && $0.otherNode == fault.hypothesis.node
    }
    let experiment = try Experiment(
      engine, site, otherInputs: inputs(isLeft: true, of: form.left), hypotheses)
    guard let experiment, let hypothesis = hypotheses.first(where: experiment.confirms) else { return nil }
    return Fault(parting: fault.parting, hypothesis: hypothesis, isReversed: true, base: form.right)
  }

  /// All that differs at a place, as one change.
  private static func together(_ hypotheses: [Hypothesis]) -> Hypothesis {
    var result = hypotheses[0]
    var single: [Hypothesis] = []
    // What is said of several at once is not said again.
    for hypothesis in hypotheses where hypothesis.edits.count == 1 || hypotheses.count == 2 {
      single.append(hypothesis)
    }
    if single.isEmpty { single = hypotheses }
    // A Pad beside other margins of a window is margins too.
    if single.contains(where: { $0.kind == .padding }) {
      for index in single.indices where ["Pad/", "/Pad"].contains(single[index].signature) {
        single[index].kind = .padding
      }
      if single.allSatisfy({ $0.kind == .padding }) { result.kind = .padding }
    }
    result.edits = single.flatMap(\.edits)
    // A weight of another shape follows from what else differs.
    let faults = single.filter { single.count == 1 || !$0.has.contains(" of shape ") }
    if Set(faults.map(\.kind)).count > 1 {
      result.parts = faults.flatMap { fault in
        fault.parts.isEmpty
          ? [
            HypothesisPart(
              kind: fault.kind, node: fault.node, otherNode: fault.otherNode, tensor: fault.tensor,
              has: fault.has,
              otherHas: fault.otherHas)
          ] : fault.parts
      }
    } else {
      result.parts = []
    }
    // Several parameters may be held in the same way.
    let told = faults.isEmpty ? single : faults
    result.has = ConstantCauses.joined(told.map(\.has))
    result.otherHas = ConstantCauses.joined(told.map(\.otherHas))
    return result
  }

  /// What a normalisation that only one side still has was folded with on the other.
  private func foldedFault(
    _ aligned: AlignedGraphs, _ parting: Parting, _ leftGraph: Graph, _ rightGraph: Graph
  ) throws(ScaleNetError) -> Fault? {
    for isReversed in [false, true] {
      let site = Site(
        aligned, isReversed ? parting.place.reversed : parting.place, isReversed: isReversed)
      let graph = isReversed ? rightGraph : leftGraph
      let target = site.own.graph[site.ownTarget].name
      guard let id = graph.value(named: target),
        let node = graph.nodes.first(where: { $0.outputs.first == id }),
        case .batchNormalization = node.op
      else { continue }
      let usual = NormalizationCauses.hypotheses(
        graph, node, found: nil, expected: Tensor([Float](), shape: [0]))
      let experiment = try Experiment(
        engine, site, base: graph, otherInputs: inputs(isLeft: isReversed, of: site.other.graph), usual)
      guard let experiment else { continue }
      var all = NormalizationCauses.hypotheses(
        graph, node, found: experiment.output(of: graph), expected: experiment.expected)
      if let other = site.otherNode, case .conv = other.op,
        let weight = site.other.graph.initializer(other.inputs[1])
      {
        let bias = other.inputs.count > 2 ? site.other.graph.initializer(other.inputs[2]) : nil
        // That something is different says less than what else was tried.
        all += NormalizationCauses.hypotheses(graph, node, folded: (weight, bias))
          .filter { $0.kind != .differentWeights }
      }
      if let hypothesis = all.first(where: experiment.confirms) {
        return Fault(parting: parting, hypothesis: hypothesis, isReversed: isReversed, base: graph)
      }
    }
    return nil
  }

  /// Whether two graphs give the same outputs, as far as float32 can: what is within a wider tolerance may differ yet.
  func agree(_ leftGraph: Graph, _ rightGraph: Graph, _ outputs: ComparedOutputs) -> Bool {
    guard let expected = try? engine.floats(rightGraph, inputs(isLeft: false, of: rightGraph)) else {
      return false
    }
    // What is given in a half type is rounded once more, and a network may make rounding larger.
    let isHalf = (outputs.left + outputs.right).contains { $0.tensor.dataType.byteCount == 2 }
    let rounding = outputs.roundings.values.map { ($0.leftError ?? 0) + ($0.rightError ?? 0) }.max() ?? 0
    var limit = isHalf ? Tolerance.float16 : .float32
    limit.absolute = max(limit.absolute, Self.roundingFactor * rounding)
    return Trial(
      engine: engine, graph: leftGraph, inputs: inputs(isLeft: true, of: leftGraph),
      expected: outputs.all.map { ($0.left, expected[$0.right]) },
      tolerance: limit
    ).gives(leftGraph)
  }

  /// A side's whole graph against the other's outputs; nil if it is a recording.
  func trial(_ outputs: ComparedOutputs, isReversed: Bool) -> Trial? {
    guard let graph = (isReversed ? right : left).graph else { return nil }
    return Trial(
      engine: engine, graph: graph, inputs: inputs(isLeft: !isReversed),
      expected: outputs.all.map { pair in
        isReversed ? (pair.right, outputs.left[pair.left]) : (pair.left, outputs.right[pair.right])
      }, tolerance: tolerance)
  }
}
