import FileIO
import ModelIR

extension ModelComparison {
  /// The side in lower precision, where the other is in float32; nil if there is none, or both are models of the same
  /// kind.
  func lowerSide() throws(ScaleNetError) -> (isLeft: Bool, lower: LowerPrecision)? {
    guard let leftGraph = left.graph, let rightGraph = right.graph else { return nil }
    let (own, other) = (try LowerPrecision(leftGraph), try LowerPrecision(rightGraph))
    switch (own, other) {
    case (let lower?, nil): return (true, lower)
    case (nil, let lower?): return (false, lower)
    default: return nil
    }
  }

  /// Measures what lower precision costs; nil where outputs or layers are no counterparts.
  func precision(
    _ lower: LowerPrecision, isLeft: Bool, _ outputs: ComparedOutputs
  ) throws(ScaleNetError) -> DiffReport.Precision? {
    guard let reference = (isLeft ? right : left).graph else { return nil }
    let pairs = outputs.pairs.filter { $0.order == .same }
      .map { isLeft ? (own: $0.left, other: $0.right) : (own: $0.right, other: $0.left) }
    guard !pairs.isEmpty, outputs.unrelated.isEmpty else { return nil }
    let form = try ComparableForm(lower.plain, reference)
    let inputNames = (batches.first ?? []).map { input in
      let (a, b) = (input.name, input.otherName ?? input.name)
      return isLeft ? (own: a, other: b) : (own: b, other: a)
    }
    var runner = PairRunner(
      engine: engine, left: (form.left, inputs(isLeft: isLeft, of: form.left)),
      right: (form.right, inputs(isLeft: !isLeft, of: form.right)))
    runner.budget = valueBudget
    let ids = inputNames.compactMap { names in
      form.left.value(named: names.own).flatMap { a in
        form.right.value(named: names.other).map { (left: a, right: $0) }
      }
    }
    // Numbers of few bits are near each other, not nearly the same.
    let aligned = try AlignedGraphs(
      runner, inputs: ids, outputs: pairs.map { (form.left.outputs[$0.own], form.right.outputs[$0.other]) },
      tolerance: lower.isHalf ? .float16 : .int8, mayBeFolded: false)
    let stages = PrecisionStages(
      lower, reference: form.right, aligned, inputs: inputNames, outputs: pairs)
    guard !stages.stages.isEmpty else { return nil }
    func given(_ graph: Graph, isLeft: Bool) -> [[String: Tensor]] {
      batches.map { $0.arrays(for: graph, isLeft: isLeft) }
    }
    let study = try PrecisionStudy(
      stages, engine: engine, tolerance: tolerance, isLeft: isLeft,
      ownInputs: given(stages.own, isLeft: isLeft), otherInputs: given(stages.other, isLeft: !isLeft),
      outputs: pairs)
    return try report(study, isLeft: isLeft)
  }

  private func report(_ study: PrecisionStudy, isLeft: Bool) throws(ScaleNetError) -> DiffReport.Precision {
    let stages = study.stages
    LargeMemory.giveBack()
    let measures = try study.measures()
    // Those whose own error is largest are run alone first.
    let order = stages.stages.indices.sorted {
      (measures[$0].found ?? 0, $1) > (measures[$1].found ?? 0, $0)
    }
    var alone = [Double?](repeating: nil, count: order.count)
    for index in order.prefix(study.mostAlone) {
      if measures[index].found == 0 {
        alone[index] = 0
      } else if let graph = try study.alone(stages.stages[index]) {
        alone[index] = try study.run(graph, study.otherInputs, study.outputs.map(\.other)).error
      }
    }
    let ranked = stages.stages.indices.sorted { a, b in
      let (own, others) = (alone[a] ?? -1, alone[b] ?? -1)
      if own != others { return own > others }
      return (measures[a].found ?? 0, b) > (measures[b].found ?? 0, a)
    }
    let asItIs = try study.run(stages.own, study.ownInputs, study.outputs.map(\.own))
    let found = try study.advice(
      ranked.map { stages.stages[$0] }.filter { !$0.otherNodes.isEmpty }, asItIs: asItIs,
      ranges: Dictionary(
        zip(stages.stages, measures).compactMap { stage, found in found.range.map { (stage.own, $0) } },
        uniquingKeysWith: { a, _ in a }))
    let layers = ranked.map { index in
      layer(study, stages.stages[index], measures[index], alone[index])
    }
    return DiffReport.Precision(
      side: isLeft ? "left" : "right", type: stages.lower.type.rawValue, outputError: asItIs.error,
      layers: layers, advice: advice(study, found, asItIs))
  }

  private func layer(
    _ study: PrecisionStudy, _ stage: PrecisionStage, _ measures: PrecisionStudy.Measures, _ alone: Double?
  ) -> DiffReport.PrecisionLayer {
    let graph = study.stages.other
    var isExplained: Bool?
    if let explained = measures.explained, let found = measures.found {
      // Chance in what happens to be a half, and rounding of float32 itself.
      // Values on the way are rounded to a half type too: by half a unit of the last place at most.
      // Integers' steps are those of the scales, and counted.
      let rounding = study.stages.lower.isHalf ? study.stages.lower.type.roundingUnit : 0
      isExplained = found <= explained * 1.5 + rounding + 1e-6
    }
    return DiffReport.PrecisionLayer(
      name: study.stages.name(stage), op: stage.main.map { graph.nodes[$0].op.name } ?? "input",
      nodes: stage.otherNodes.map { graph.nodes[$0].name }, weight: study.weight(stage),
      activation: measures.activation, explainedError: measures.explained, foundError: measures.found,
      accumulatedError: measures.accumulated, outputError: alone, isExplained: isExplained)
  }

  private func advice(
    _ study: PrecisionStudy,
    _ found: (
      kept: [PrecisionStage], steps: [DiffReport.PrecisionAdvice.Step], outcome: PrecisionStudy.Outcome?
    ),
    _ asItIs: PrecisionStudy.Outcome
  ) -> DiffReport.PrecisionAdvice {
    let within = "within the tolerance \(tolerance.name)"
    let count = study.stages.stages.count { !$0.otherNodes.isEmpty }
    var result = DiffReport.PrecisionAdvice(
      keep: found.kept.map(study.stages.name), steps: found.steps,
      isWithinTolerance: found.outcome?.isWithin ?? false,
      explanation: "")
    if asItIs.isWithin {
      result.explanation = "The outputs are \(within) as they are."
      return result
    }
    guard let outcome = found.outcome else {
      result.explanation =
        "Even with all \(count) layers in float32 the outputs are not \(within): more than precision differs."
      return result
    }
    let kept = found.kept.count
    let error = outcome.error.map { ", with an error of \($0.scientific)" } ?? ""
    result.explanation =
      kept == count
      ? "Nothing short of all \(count) layers in float32 brings the outputs \(within)."
      : "With \(kept == 1 ? "this layer" : "these \(kept) of \(count) layers") in float32 the outputs are \(within)\(error): run so."
    result.command = command(study, found.kept)
    return result
  }

  /// How a model is made in which these layers stay in float32.
  private func command(_ study: PrecisionStudy, _ kept: [PrecisionStage]) -> String? {
    let graph = study.stages.other
    let lower = study.stages.lower
    let path = (study.isLeft ? right : left).info.path
    // A node may belong to several layers.
    let names = Set(kept.flatMap(\.otherNodes)).sorted().map { graph.nodes[$0].name }
    if names.isEmpty { return nil }
    guard lower.isHalf else {
      let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
      return "onnxruntime.quantization.quantize_static(..., nodes_to_exclude=[\(list)])"
    }
    return
      "scalenet convert \(path.shellQuoted) --dtype \(lower.type.rawValue) --keep-float32 "
      + "\(names.joined(separator: ",").shellQuoted) -o mixed.onnx"
  }

}
