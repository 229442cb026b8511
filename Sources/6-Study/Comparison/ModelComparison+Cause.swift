import Execution
import FileIO
import ModelIR

extension ModelComparison {
  /// Finds where both graphs part, and by experiment why.
  func explain(
    _ report: inout DiffReport, _ outputs: ComparedOutputs, _ aligned: AlignedGraphs, _ runner: PairRunner
  ) throws(ScaleNetError) {
    let distances = try on(left) { () throws(ScaleNetError) in
      try runner.distances(aligned.pairs, .exact, in: Double.self)
    }
    let culprit = Culprit(aligned, distances)
    report.firstDivergence = culprit?.report
    if let cause = outputCause(outputs) {
      report.cause = cause
      if culprit == nil { report.firstDivergence = lastNodes(outputs, aligned) }
      return
    }
    if let culprit, let cause = try cause(culprit, outputs, runner) {
      report.cause = cause
      return
    }
    report.cause = wholeGraphCause(outputs)
  }

  private func direction(_ culprit: Culprit, _ runner: PairRunner, isReversed: Bool) -> Direction {
    let aligned = culprit.aligned
    let a = aligned.left.output(culprit.pair.leftNode)
    let b = aligned.right.output(culprit.pair.rightNode)
    if isReversed {
      return Direction(
        own: aligned.right, other: aligned.left, otherInputs: runner.left.inputs, counterpart: aligned.leftOf,
        ownTarget: b, otherTarget: a, ownName: "the right", otherName: "the left")
    }
    let rightOf = Dictionary(aligned.leftOf.map { ($0.value, $0.key) }, uniquingKeysWith: min)
    return Direction(
      own: aligned.left, other: aligned.right, otherInputs: runner.right.inputs, counterpart: rightOf,
      ownTarget: a, otherTarget: b, ownName: "the left", otherName: "the right")
  }

  /// A side's whole graph against the other's outputs; nil if it is a recording.
  func trial(_ outputs: ComparedOutputs, isReversed: Bool) -> Trial? {
    guard let graph = (isReversed ? right : left).graph else { return nil }
    return Trial(
      engine: engine, graph: graph, inputs: inputs(isLeft: !isReversed),
      expected: outputs.pairs.map { pair in
        isReversed ? (pair.right, outputs.left[pair.left]) : (pair.left, outputs.right[pair.right])
      }, tolerance: tolerance)
  }

  /// The first hypothesis that an experiment confirms, with either side changed. Other weights, which would explain
  /// half of the rest too, come last.
  private func cause(
    _ culprit: Culprit, _ outputs: ComparedOutputs, _ runner: PairRunner
  ) throws(ScaleNetError) -> DiffReport.Cause? {
    var experiments: [(Experiment, Trial?, Direction)] = []
    for isReversed in [false, true] {
      let direction = direction(culprit, runner, isReversed: isReversed)
      let experiment = try on(isReversed ? right : left) { () throws(ScaleNetError) in
        try direction.experiment(engine)
      }
      guard let experiment, experiment.unchanged > Experiment.limit else { continue }
      experiments.append((experiment, trial(outputs, isReversed: isReversed), direction))
    }
    let generators: [(Experiment) -> [Hypothesis]] = [
      { $0.resizeHypotheses() }, { $0.epsilonHypotheses() }, { $0.transpositionHypotheses() },
      { $0.permutationHypotheses() }, { $0.precisionHypotheses() }, { $0.paddingHypotheses() },
      { $0.outputOrderHypotheses() }, { $0.replacementHypotheses() },
    ]
    for generate in generators {
      for (experiment, trial, direction) in experiments {
        if let hypothesis = generate(experiment).first(where: experiment.confirms) {
          return describe(hypothesis, trial, direction.ownName, direction.otherName)
        }
      }
    }
    return nil
  }

  /// The sentence on a confirmed hypothesis, with how far it reaches.
  private func describe(
    _ hypothesis: Hypothesis, _ trial: Trial?, _ own: String, _ other: String
  ) -> DiffReport.Cause {
    let node = hypothesis.node?.escapedForMessage ?? "the graph"
    var text = "\(node): \(own) has \(hypothesis.has), \(other) has \(hypothesis.otherHas)"
    if let trial {
      if let graph = trial.changed(hypothesis), trial.gives(graph, trial.inputs(of: hypothesis)) {
        text += "; with that alone both give the same"
      } else if let everywhere = trial.changedEverywhere(hypothesis), everywhere.nodes > 1,
        trial.gives(everywhere.graph, trial.inputs(of: hypothesis))
      {
        text +=
          "; it is so with all \(everywhere.ops.joined(separator: " and ")) nodes, \(everywhere.nodes) in all"
      } else {
        text += "; behind it other differences remain"
      }
    }
    return DiffReport.Cause(
      kind: hypothesis.kind, explanation: text + ".", node: hypothesis.node, tensor: hypothesis.tensor,
      confirmed: true)
  }

  /// Where values agree to the end and outputs do not: the nodes that make the outputs.
  private func lastNodes(
    _ outputs: ComparedOutputs, _ aligned: AlignedGraphs
  ) -> DiffReport.FirstDivergence? {
    guard let pair = outputs.pairs.first else { return nil }
    let (a, b) = (aligned.left.graph.outputs[pair.left], aligned.right.graph.outputs[pair.right])
    guard let p = aligned.left.producers[a.index], let q = aligned.right.producers[b.index] else {
      return nil
    }
    let (own, other) = (aligned.left.graph.nodes[p], aligned.right.graph.nodes[q])
    return DiffReport.FirstDivergence(
      name: own.name, otherName: other.name, op: own.op.name, otherOp: other.op.name, depth: p,
      explanation: "All values before the outputs agree; one side goes on where the other ends.")
  }
}
