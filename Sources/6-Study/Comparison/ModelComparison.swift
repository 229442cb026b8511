import Execution
package import FileIO
import ModelIR

/// Compares two models, or a model with recorded outputs, and finds where and why they part.
package struct ModelComparison {
  /// The left, and the right, which is the reference.
  package internal(set) var left: Side
  package internal(set) var right: Side
  /// What both are given in each batch; of two recordings, nothing as often as there are batches.
  package let batches: [[ComparisonInput]]
  package internal(set) var engine: DiffEngine
  package let tolerance: Tolerance
  /// Whether intermediate values are reported.
  package var wantsLayers = false
  /// Whether parameters are compared.
  package var wantsWeights = false
  /// Whether an output that one side lacks is a difference.
  package var isStrict = false
  /// The most bytes of intermediate values that are kept at a time.
  package var valueBudget = 512 << 20
  /// The most operations that a search for causes computes, a multiply-accumulate being one.
  package var searchBudget = CauseSearch.usualBudget

  package init(
    left: Side, right: Side, batches: [[ComparisonInput]], engine: DiffEngine, tolerance: Tolerance
  ) {
    self.left = left
    self.right = right
    self.batches = batches
    self.engine = engine
    self.tolerance = tolerance
  }

  /// Runs what is to be run, and compares.
  ///
  /// - Parameters:
  ///   - notes: sentences to begin the report's notes with.
  ///   - progress: called when a new phase begins.
  package func report(
    notes: [String] = [],
    progress: (DiffPhase) throws(ScaleNetError) -> Void = { (_) throws(ScaleNetError) in }
  ) throws(ScaleNetError) -> DiffReport {
    try progress(.running)
    var outputs = try compareOutputs()
    let isEmpty = outputs.areEmpty
    let isWithin =
      outputs.unrelated.isEmpty && !isEmpty
      && outputs.pairs.allSatisfy {
        outputs.accumulators[$0.left]?.distance.isWithinTolerance ?? false
      }
    let isIdentical =
      outputs.unrelated.isEmpty && !isEmpty
      && outputs.pairs.allSatisfy { outputs.accumulators[$0.left]?.isIdentical ?? false }
    var report = DiffReport(
      verdict: isWithin ? .match : .differ, explanation: "", kind: isIdentical ? .identical : nil,
      left: left.info, right: right.info, tolerance: tolerance, batches: batchCount(left),
      inputs: (batches.first ?? []).map(DiffReport.Input.init), outputs: [], notes: notes + outputs.notes)
    if !isIdentical, !isEmpty {
      try progress(.runningInDouble)
      try addRounding(to: &outputs, &report)
    }
    report.outputs = outputs.reports
    var lower: (isLeft: Bool, lower: LowerPrecision)?
    do throws(ScaleNetError) {
      if !isIdentical, !isEmpty { lower = try lowerSide() }
      if let lower {
        try progress(.measuringPrecision)
        report.precision = try precision(lower.lower, isLeft: lower.isLeft, outputs)
        LargeMemory.giveBack()
      }
    } catch {
      // Graphs put together of two that are not alike may not fit; the comparison itself does not depend on it.
      guard error.kind != .cancelled else { throw error }
      report.notes.append("what lower precision costs could not be measured: \(error)")
    }
    // Steps of lower precision are no rounding that a network makes larger.
    if !isIdentical, lower == nil, !Self.isInSteps(left), !Self.isInSteps(right) {
      report.amplification = try amplification(outputs)
    }
    try addRecordedLayers(to: &report, outputs)
    try addLayersAndCause(to: &report, outputs, lower, progress)
    report.explanation = explanation(of: report, outputs)
    if isStrict, let missing = outputs.uncompared.first {
      let what =
        "Output \(missing.name.escapedWhole) of \(missing.path.escapedWhole) has no counterpart."
      report.explanation = report.verdict == .match ? what : "\(report.explanation) \(what)"
      // Of what is missing nothing can be told.
      if report.verdict == .match { report.kind = nil }
      report.verdict = .differ
    }
    return report
  }

  func batchCount(_ side: Side) -> Int {
    switch side.content {
    case .graph: batches.count
    case .recording(let recorded): recorded.count
    }
  }

  /// What a side's graph is given in the first batch; nothing of a recording.
  func inputs(isLeft: Bool) -> [String: Tensor] {
    guard let graph = (isLeft ? left : right).graph, let first = batches.first else { return [:] }
    return first.arrays(for: graph, isLeft: isLeft)
  }

  /// The same for another graph of that side, whose inputs may be of another type.
  func inputs(isLeft: Bool, of graph: Graph) -> [String: Tensor] {
    inputs(isLeft: isLeft).reduce(into: [:]) { result, input in
      guard let id = graph.value(named: input.key) else { return }
      let type = graph[id].type.dataType
      result[input.key] = input.value.dataType == type ? input.value : input.value.cast(to: type)
    }
  }

  /// Runs a part of the work on one side's graph, so that its errors bear the side's path.
  func on<Result>(
    _ side: Side, _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) {
      return try body()
    } catch {
      throw error.inFile(side.info.path)
    }
  }
}

extension DiffReport {
  /// Whether what is not within the tolerance does not differ either: no element is finite on either side, or there is
  /// none at all.
  package var provesNothing: Bool {
    let apart = outputs.filter { !$0.isWithinTolerance }
    return verdict == .differ && !outputs.isEmpty && (!apart.isEmpty || isEmpty)
      && apart.allSatisfy(\.provesNothing)
  }

  /// Whether the outputs have no element.
  fileprivate var isEmpty: Bool {
    outputs.allSatisfy { $0.otherShape == nil && $0.metrics.elementCount == 0 }
  }
}

extension DiffReport.Output {
  /// Whether it does not differ, but has no element that is finite on a side.
  package var provesNothing: Bool {
    !isWithinTolerance && otherShape == nil && metrics.mismatchedCount == 0
  }
}

extension ModelComparison {
  /// The verdict with its reason, in one or two sentences.
  func explanation(of report: DiffReport, _ outputs: ComparedOutputs) -> String {
    let within = "within the tolerance \(report.tolerance.name)"
    let isRecorded = report.left.isRecording || report.right.isRecording
    switch (report.verdict, report.kind) {
    case (.match, .identical):
      return "Every element of every output that was compared is the same."
    case (.match, .rounding) where outputs.digits != nil:
      return "The outputs agree \(within); what differs is no more than \(digits(outputs))."
    case (.match, .rounding) where isRecorded:
      return "The outputs agree \(within); what differs is no more than float32 rounds."
    case (.match, .rounding):
      return "The outputs agree \(within); what differs is how float32 rounds, as both agree in Double."
    case (.match, .real):
      let reason = report.isLowerPrecisionAlone ? "" : ", by weights or semantics"
      let what = "The outputs agree \(within); computed in Double they differ too\(reason)."
      return (report.cause?.explanation ?? report.search?.explanation).map { "\(what) \($0)" } ?? what
    case (.match, nil):
      let what = "The outputs agree \(within)"
      return outputs.digits == nil ? "\(what)." : "\(what); what differs is no more than \(digits(outputs))."
    case (.differ, .rounding) where report.cause.map { $0.kind != .rounding } ?? false:
      return "\(difference(of: report, within)) \(report.cause?.explanation ?? "")"
    case (.differ, _) where outputs.digits != nil && !report.provesNothing:
      return "The outputs are not \(within), but differ by no more than \(digits(outputs))."
    case (.differ, .rounding) where isRecorded:
      return "The outputs are not \(within), but differ by no more than float32 rounds."
    case (.differ, .rounding):
      return "The outputs are not \(within), but only rounding differs: in Double both agree."
    case (.differ, _):
      let what = difference(of: report, within)
      return (report.cause?.explanation ?? report.search?.explanation).map { "\(what) \($0)" } ?? what
    }
  }

  /// What a recording's digits explain.
  private func digits(_ outputs: ComparedOutputs) -> String {
    "the \(outputs.digits ?? 0) significant digits explain that the recording has"
  }

  private func difference(of report: DiffReport, _ within: String) -> String {
    if report.provesNothing, report.isEmpty { return "Nothing is proved: no output has an element." }
    if let output = report.outputs.first(where: { $0.otherShape != nil }) {
      return "Output \(output.name.escapedWhole) is \(output.shape) on the left and "
        + "\(output.otherShape ?? []) on the right."
    }
    let apart = report.outputs.filter { !$0.isWithinTolerance }
    if let output = apart.first, report.provesNothing {
      return
        "Nothing is proved: no element of output \(output.name.escapedWhole) is finite on either side."
    }
    let worst = apart.max {
      ($0.metrics.maxAbsoluteError ?? .infinity) < ($1.metrics.maxAbsoluteError ?? .infinity)
    }
    let size = worst?.metrics.maxAbsoluteError.map { "by up to \($0.scientific)" } ?? "by infinities or NaN"
    let outputs =
      report.outputs.count == 1
      ? "The output differs" : "\(apart.count) of \(report.outputs.count) outputs differ"
    return "\(outputs) \(size), which is not \(within)."
  }
}

/// What a comparison is doing, for a progress line.
package enum DiffPhase: String, Sendable {
  case running
  case runningInDouble = "running in Double"
  case aligning, explaining
  case comparingWeights = "comparing weights"
  case measuringPrecision = "measuring precision"
}
