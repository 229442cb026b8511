import Execution
import FileIO
import ModelIR

extension ModelComparison {
  /// Aligns intermediate values where layers are reported or a difference is to be explained.
  func addLayersAndCause(
    to report: inout DiffReport, _ outputs: ComparedOutputs,
    _ lower: (isLeft: Bool, lower: LowerPrecision)?,
    _ progress: (DiffPhase) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    // What is within a wide tolerance, but not by rounding, has a cause too.
    let wantsCause =
      (report.verdict == .differ && !report.provesNothing)
      || (report.kind == .real && left.graph != nil && right.graph != nil)
    if wantsCause && report.kind == .rounding && outputs.digits == nil {
      report.cause = DiffReport.Cause(
        kind: .rounding,
        explanation: left.graph != nil && right.graph != nil
          ? "In Double both give the same; float32 rounds them differently."
          : "What differs is no more than float32 rounds.",
        confirmed: left.graph != nil && right.graph != nil)
    }
    let isExplained = report.cause != nil || !wantsCause || outputs.digits != nil
    guard wantsLayers || wantsWeights || !isExplained else { return }
    guard let leftGraph = left.graph, let rightGraph = right.graph else {
      if !isExplained {
        try progress(.explaining)
        let search = CauseSearch([left.graph, right.graph].compactMap { $0 }, budget: searchBudget)
        let searching = searching(search)
        report.cause =
          backgroundCause(outputs) ?? exchangedOutputs(outputs) ?? softmaxCause(outputs)
          ?? searching.wholeGraphCause(outputs)
        if report.cause == nil, report.verdict == .differ, outputs.digits == nil {
          tellFewerBits(searching.fewerBits(outputs), outputs, &report)
        }
        // Of two recordings nothing can be changed.
        if report.cause == nil, left.graph != nil || right.graph != nil {
          report.search = search.report(behind: 0)
        }
      }
      if wantsLayers, report.layers.isEmpty {
        report.notes.append("layers are compared between two models; a recording has none")
      }
      if wantsWeights { report.notes.append("weights are compared between two models; a recording has none") }
      return
    }
    if wantsLayers || wantsWeights { try addAligned(to: &report, leftGraph, rightGraph, outputs, progress) }
    if !isExplained {
      try progress(.explaining)
      if let lower, !lower.lower.isHalf {
        try explainQuantized(&report, lower.lower, isLeft: lower.isLeft)
      } else if let lower, try explainHalf(&report, lower.lower, isLeft: lower.isLeft) {
        return
      } else {
        try explain(&report, outputs)
      }
    }
  }

  /// Arithmetic in fewer bits is rounding, and where it would make as large a difference, nothing tells that weights or
  /// semantics are other ones.
  private func tellFewerBits(_ found: FewerBits?, _ outputs: ComparedOutputs, _ report: inout DiffReport) {
    guard let found, report.kind == .real else { return }
    report.cause = found.cause
    let errors = outputs.roundings.values.map { max($0.leftError ?? .infinity, $0.rightError ?? .infinity) }
    if found.cause != nil {
      report.kind = .rounding
    } else if (errors.max() ?? .infinity) <= Self.roundingFactor * found.largestError {
      report.kind = nil
      report.notes.append(
        "arithmetic in fewer bits would make differences as large as these: whether weights or semantics differ is not known"
      )
    }
  }

  /// Aligns both graphs as they are, for their layers and weights.
  private func addAligned(
    to report: inout DiffReport, _ leftGraph: Graph, _ rightGraph: Graph, _ outputs: ComparedOutputs,
    _ progress: (DiffPhase) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    try progress(.aligning)
    var runner = PairRunner(
      engine: engine, left: (leftGraph, inputs(isLeft: true)), right: (rightGraph, inputs(isLeft: false)))
    runner.budget = valueBudget
    let aligned = try AlignedGraphs(
      runner, inputs: inputIDs(leftGraph, rightGraph),
      outputs: outputs.pairs.map { (leftGraph.outputs[$0.left], rightGraph.outputs[$0.right]) },
      tolerance: tolerance, mayBeFolded: true)
    if wantsLayers {
      let distances = try runner.distances(aligned.pairs, tolerance, in: Float.self)
      report.layers = layers(aligned, distances)
      report.unmatched = unmatched(aligned)
    }
    if wantsWeights {
      try progress(.comparingWeights)
      let comparison = try WeightComparison(aligned)
      report.weights = comparison.rows
      report.weightsCompared = comparison.compared
    }
  }

  func inputIDs(_ leftGraph: Graph, _ rightGraph: Graph) -> [(left: ValueID, right: ValueID)] {
    (batches.first ?? []).compactMap { input in
      guard let a = leftGraph.value(named: input.name),
        let b = rightGraph.value(named: input.otherName ?? input.name)
      else { return nil }
      return (a, b)
    }
  }

  private func layers(_ aligned: AlignedGraphs, _ distances: [Distance]) -> [DiffReport.Layer] {
    let inputs = aligned.inputPairs()
    return aligned.pairs.indices.map { index in
      let pair = aligned.pairs[index]
      let distance = distances[index]
      let errors = inputs[index].map { $0 < 0 ? 0 : distances[$0].relativeError }
      let (a, b) = (aligned.left.graph.nodes[pair.leftShown], aligned.right.graph.nodes[pair.rightShown])
      return DiffReport.Layer(
        name: a.name, otherName: b.name, op: a.op.name, otherOp: b.op.name, alignment: pair.alignment,
        shape: aligned.left.shape(aligned.left.output(pair.leftNode)), otherLayout: pair.order?.otherLayout,
        isWithinTolerance: distance.isWithinTolerance,
        maxAbsoluteError: distance.maxAbsoluteError.ifFinite,
        relativeError: distance.relativeError.ifFinite, cosineSimilarity: distance.cosineSimilarity,
        inputError: errors.max()?.ifFinite)
    }
  }

  private func unmatched(_ aligned: AlignedGraphs) -> DiffReport.Unmatched {
    func list(_ view: GraphView, _ taken: [Int], _ reasons: [Int: String]) -> [DiffReport.UnmatchedLayer] {
      let taken = Set(taken)
      return view.graph.nodes.indices.compactMap { index in
        if taken.contains(index) { return nil }
        let node = view.graph.nodes[index]
        let usual =
          switch node.op {
          case .cast, .identity, .pad: "the other side has no such node here"
          default: "no value of this content"
          }
        return DiffReport.UnmatchedLayer(name: node.name, op: node.op.name, reason: reasons[index] ?? usual)
      }
    }
    return DiffReport.Unmatched(
      left: list(aligned.left, aligned.pairs.map(\.leftShown), aligned.leftReasons),
      right: list(aligned.right, aligned.pairs.map(\.rightShown), aligned.rightReasons))
  }
}
