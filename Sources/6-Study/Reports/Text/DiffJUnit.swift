public import Comparison
import FileIO

/// A comparison as JUnit's XML, which continuous integration reads: a case for each output, which fails where the output
/// is outside of the tolerance, and one for the verdict.
struct DiffJUnit {
  private let report: DiffReport

  init(_ report: DiffReport) {
    self.report = report
  }

  var text: String {
    let cases =
      report.outputs.map { output in
        (name: "output \(output.name)", failure: output.isWithinTolerance ? nil : message(output))
      } + [(name: "verdict", failure: report.verdict == .match ? nil : report.explanation)]
    let failures = cases.count { $0.failure != nil }
    let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\""
    let suite = "\(report.left.path) against \(report.right.path)".nameMarkup
    var result = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scalenet diff\" \(counts)>\n"
    result += "<testsuite name=\"\(suite)\" \(counts) skipped=\"0\">\n"
    for (name, failure) in cases {
      result += "<testcase classname=\"\(suite)\" name=\"\(name.escaped(upTo: nil).markup)\""
      if let failure {
        result +=
          ">\n<failure message=\"\(failure.sentenceMarkup)\">\(details.map(\.sentenceMarkup).joined(separator: "\n"))</failure>\n</testcase>\n"
      } else {
        result += "/>\n"
      }
    }
    if !report.notes.isEmpty {
      result += "<system-out>\(report.notes.map(\.sentenceMarkup).joined(separator: "\n"))</system-out>\n"
    }
    return result + "</testsuite>\n</testsuites>\n"
  }

  /// The outcome where the comparison failed: one case, which is an error.
  static func failed(left: String, right: String, message: String) -> String {
    let counts = "tests=\"1\" failures=\"0\" errors=\"1\""
    let suite = "\(left) against \(right)".nameMarkup
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scalenet diff\" \(counts)>\n"
      + "<testsuite name=\"\(suite)\" \(counts) skipped=\"0\">\n"
      + "<testcase classname=\"\(suite)\" name=\"verdict\">\n<error message=\"\(message.sentenceMarkup)\"/>\n"
      + "</testcase>\n</testsuite>\n</testsuites>\n"
  }

  private func message(_ output: DiffReport.Output) -> String {
    if output.provesNothing { return output.outcome }
    if let other = output.otherShape { return "\(output.shape) on the left, \(other) on the right" }
    return
      "\(output.metrics.mismatchedCount.grouped) of \(output.metrics.elementCount.grouped) elements outside of "
      + "\(report.tolerance.text); largest error \(output.metrics.maxAbsoluteError.errorText)"
  }

  /// The first divergence and the causes, a line each.
  private var details: [String] {
    var lines = report.firstDivergence.map { ["first divergence: \($0.nodeText): \($0.errorText)"] } ?? []
    for cause in [report.cause].compactMap({ $0 }) + report.otherCauses {
      lines.append(
        "cause: \(cause.kind.rawValue)\(cause.confirmed ? "" : ", not confirmed"): \(cause.explanation)")
    }
    return lines.isEmpty ? [report.explanation] : lines
  }
}

extension DiffReport {
  /// The report as JUnit's XML: a test case for each output and one for the verdict.
  public var junit: String { DiffJUnit(self).text }

  /// The same of a comparison that could not be made: one test case with an error.
  ///
  /// - Parameters:
  ///   - left: the path of the left.
  ///   - right: the path of the right.
  ///   - message: what went wrong.
  public static func junit(ofFailed left: String, _ right: String, message: String) -> String {
    DiffJUnit.failed(left: left, right: right, message: message)
  }
}
