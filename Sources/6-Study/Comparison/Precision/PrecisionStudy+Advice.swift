import FileIO
import ModelIR

extension PrecisionStudy {
  /// The reference with one layer in lower precision.
  func alone(_ stage: PrecisionStage) throws(ScaleNetError) -> Graph? {
    let count = stages.other.nodes.count
    var grafting = Grafting(stages.other, suffix: ".lower")
    guard
      let made = try grafting.add(
        stage.ownNodes, of: stages.own, target: stage.own, as: stages.other[stage.other].type.dataType,
        partner: { stages.otherOf[$0] })
    else { return nil }
    var graph = grafting.graph
    for index in 0..<count {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0 == stage.other ? made : $0 }
    }
    graph.setOutputs(graph.outputs.map { $0 == stage.other ? made : $0 })
    try graph.sortNodes()
    return graph
  }

  /// The graph of lower precision in which some layers stay in float32, as the command of the advice would make it; nil
  /// where that cannot be put together.
  private func keeping(_ kept: [PrecisionStage], _ ranges: Ranges) throws(ScaleNetError) -> Graph? {
    try stages.lower.isHalf ? inHalf(keeping: kept) : inSteps(keeping: kept, ranges)
  }

  /// The reference converted to the half type, but for all nodes of these layers. nil where the type can't hold it.
  private func inHalf(keeping kept: [PrecisionStage]) throws(ScaleNetError) -> Graph? {
    var graph = stages.other
    let names = Set(kept.flatMap { $0.otherNodes.map { graph.nodes[$0].name } })
    do throws(ScaleNetError) {
      try graph.apply([ConvertToHalf(stages.lower.type, keeping: names)])
    } catch {
      guard error.kind != .cancelled else { throw error }
      return nil
    }
    return graph
  }

  /// The graph in steps with some layers computed from the reference's operators and weights. A value is rounded for all
  /// that read it as long as its own layer or one of these is in steps: that is where ONNX Runtime's quantisation sets
  /// its pairs of QuantizeLinear and DequantizeLinear. Steps of what a kept layer gives hold its values, as that calibrates
  /// anew.
  private func inSteps(keeping kept: [PrecisionStage], _ ranges: Ranges) throws(ScaleNetError) -> Graph? {
    let (own, other) = (stages.own, stages.other)
    let count = own.nodes.count
    var grafting = Grafting(own, suffix: ".float32")
    let keptValues = Set(kept.map(\.own))
    let readInSteps = Set(
      stages.stages.filter { !keptValues.contains($0.own) }.flatMap { stage in
        stage.ownNodes.flatMap { own.nodes[$0].inputs.compactMap { $0 } }
      })
    let rawInputs = Dictionary(
      own.inputs.compactMap { id in stages.otherOf[id].map { ($0, id) } }, uniquingKeysWith: { a, _ in a })
    var replaced: [ValueID: ValueID] = [:]
    for stage in stages.stages where stage.otherNodes.isEmpty && !readInSteps.contains(stage.own) {
      replaced[stage.own] = rawInputs[stage.other]
    }
    for stage in kept.sorted(by: { ($0.otherNodes.last ?? -1) < ($1.otherNodes.last ?? -1) }) {
      let made = try grafting.add(
        stage.otherNodes, of: other, target: stage.other, as: other[stage.other].type.dataType,
        partner: { id in stages.ownOf[id].map { replaced[$0] ?? $0 } })
      guard let made else { return nil }
      replaced[stage.own] = made
      if let quantizer = stage.quantizer, readInSteps.contains(stage.own) {
        let rounded = try grafting.edit { (graph) throws(ScaleNetError) in
          try graph.addRounding(
            quantizer.covering(ranges[stage.own]), of: made, name: other[stage.other].name, isBounded: true)
        }
        guard let rounded else { return nil }
        replaced[stage.own] = rounded
      }
    }
    var graph = grafting.graph
    for index in 0..<count {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0.map { replaced[$0] ?? $0 } }
    }
    graph.setOutputs(graph.outputs.map { replaced[$0] ?? $0 })
    // What reads itself is no graph: the two are not alike there.
    do throws(ScaleNetError) { try graph.sortNodes() } catch { return nil }
    try graph.apply([EliminateDeadNodes()])
    return graph
  }

  /// The least and the largest of the reference's values, by those in lower precision.
  typealias Ranges = [ValueID: ClosedRange<Float>]

  /// The outcome with some layers kept.
  private func outcome(keeping kept: [PrecisionStage], _ ranges: Ranges) throws(ScaleNetError) -> Outcome? {
    guard let graph = try keeping(kept, ranges) else { return nil }
    return stages.lower.isHalf
      ? try run(graph, otherInputs, outputs.map(\.other)) : try run(graph, ownInputs, outputs.map(\.own))
  }

  /// Looks for the fewest layers, of those that add most, that bring the outputs within the tolerance.
  ///
  /// - Parameters:
  ///   - ranked: the stages in the order of what they add, without the inputs: what reads these decides of them.
  ///   - ranges: of the reference's values.
  func advice(
    _ ranked: [PrecisionStage], asItIs: Outcome, ranges: Ranges
  ) throws(ScaleNetError) -> (
    kept: [PrecisionStage], steps: [DiffReport.PrecisionAdvice.Step], outcome: Outcome?
  ) {
    var steps = [
      DiffReport.PrecisionAdvice.Step(count: 0, outputError: asItIs.error, isWithinTolerance: asItIs.isWithin)
    ]
    if asItIs.isWithin { return ([], steps, asItIs) }
    func tried(_ count: Int) throws(ScaleNetError) -> Outcome? {
      let outcome = try outcome(keeping: Array(ranked.prefix(count)), ranges)
      if let outcome {
        steps.append(.init(count: count, outputError: outcome.error, isWithinTolerance: outcome.isWithin))
      }
      return outcome
    }
    var (low, high) = (0, 0)
    var best: Outcome?
    // A few layers are what is hoped for. Where all of them do not help, nothing between is tried.
    for count in [1, 2, 4, 8].filter({ $0 < ranked.count }) + [ranked.count] where high == 0 {
      if let outcome = try tried(count), outcome.isWithin {
        (high, best) = (count, outcome)
      } else {
        low = count
      }
    }
    guard high > 0 else { return ([], steps.sorted { $0.count < $1.count }, nil) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if let outcome = try tried(middle), outcome.isWithin {
        (high, best) = (middle, outcome)
      } else {
        low = middle
      }
    }
    var kept = Array(ranked.prefix(high))
    // What turns out not to be needed may be rounded again.
    if high > 1, high <= Self.mostPruned {
      for stage in kept.dropLast().reversed() {
        let rest = kept.filter { $0.own != stage.own }
        if let outcome = try outcome(keeping: rest, ranges), outcome.isWithin {
          (kept, best) = (rest, outcome)
        }
      }
    }
    return (kept, steps.sorted { $0.count < $1.count }, best)
  }

  private static var mostPruned: Int { 12 }

  /// How many layers are run alone: all, but for large networks as many as take a few seconds.
  var mostAlone: Int {
    let graph = stages.other
    func shape(_ id: ValueID?) -> TensorShape? { id.flatMap { graph[$0].type.shape } }
    var products = 1
    for node in graph.nodes {
      let outputs = node.outputs.compactMap { shape($0) }
      guard outputs.count == node.outputs.count else { continue }
      let cost = node.op.kind.cost(inputs: node.inputs.map { shape($0) }, outputs: outputs)
      products = products.saturatingAdded(to: cost.macs)
    }
    return min(64, max(8, 100_000_000_000 / products.saturatingMultiplied(by: max(1, otherInputs.count))))
  }
}
