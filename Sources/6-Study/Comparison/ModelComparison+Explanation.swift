import FileIO

extension ModelComparison {
  /// The verdict with its reason, in one or two sentences.
  func explanation(of report: DiffReport) -> String {
    let worst = report.outputs.max {
      ($0.metrics.maxAbsoluteError ?? .infinity) < ($1.metrics.maxAbsoluteError ?? .infinity)
    }
    let within = "within the tolerance \(report.tolerance.name)"
    switch (report.verdict, report.kind) {
    case (.match, .identical):
      return "Every element of every output is the same."
    case (.match, .rounding):
      return "The outputs agree \(within); what differs is how float32 rounds, as both agree in Double."
    case (.match, .real):
      return "The outputs agree \(within); computed in Double they differ too, by weights or semantics."
    case (.match, nil):
      return "The outputs agree \(within)."
    case (.differ, .rounding):
      return "The outputs are not \(within), but only rounding differs: in Double both agree."
    case (.differ, _):
      let count = report.outputs.count { !$0.isWithinTolerance }
      let size = worst?.metrics.maxAbsoluteError.map { "by up to \($0.scientific)" } ?? "by infinities or NaN"
      let outputs =
        report.outputs.count == 1
        ? "The output differs" : "\(count) of \(report.outputs.count) outputs differ"
      let what = "\(outputs) \(size), which is not \(within)."
      guard let cause = report.cause else { return what }
      return "\(what) \(cause.explanation)"
    }
  }
}
