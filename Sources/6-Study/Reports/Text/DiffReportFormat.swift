public import Comparison
public import FileIO
import FoundationEssentials

/// How comparisons are printed.
public enum DiffReportFormat: String, Sendable, CaseIterable {
  case table, json, markdown

  /// The report as text that ends in a newline. JSON is as `schemas/diff.schema.json` has it.
  ///
  /// - Parameter style: for `table` alone.
  public func text(of report: DiffReport, style: Style = .plain) throws(ScaleNetError) -> String {
    switch self {
    case .table:
      return DiffTable(report, style).text
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      do {
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
      } catch {
        throw .json(path: report.left.path, reason: "\(error)")
      }
    case .markdown:
      return DiffMarkdown(report).text
    }
  }
}
