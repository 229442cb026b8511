public import FileIO
public import Inspection

/// How reports are printed.
public enum ReportFormat: String, Sendable, CaseIterable {
  case table, json, csv, markdown

  /// The reports as text that ends in a newline; one model in detail, several as a row each.
  ///
  /// - Parameters:
  ///   - isPerLayer: whether every node gets a row too; JSON always has them.
  ///   - style: for `table` alone.
  public func text(
    of reports: [InspectionReport], isPerLayer: Bool = false, style: Style = .plain
  ) throws(ScaleNetError) -> String {
    switch self {
    case .table:
      if reports.count == 1 { return ModelTable(reports[0], style).text(isPerLayer: isPerLayer) }
      let comparison = ComparisonTable(reports, style).text
      guard isPerLayer else { return comparison }
      return comparison + reports.map { "\n" + ModelTable($0, style).titledLayers }.joined()
    case .json:
      return try JSONReport.text(of: reports)
    case .csv:
      return CSVReport(reports).text(isPerLayer: isPerLayer)
    case .markdown:
      return MarkdownReport(reports).text(isPerLayer: isPerLayer)
    }
  }
}
