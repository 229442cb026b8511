public import Comparison
public import FileIO
public import Inspection

/// How reports are printed.
public enum ReportFormat: String, Sendable, CaseIterable {
  /// For terminals; for programs; for spreadsheets; for pages; for papers.
  case table, json, csv, markdown, latex

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
      return PageReport(reports).document(isPerLayer: isPerLayer).markdown
    case .latex:
      return PageReport(reports).document(isPerLayer: isPerLayer).latex
    }
  }
}

/// Reports as JSON by `schemas/inspect.schema.json`: an object for one model, an array for several.
enum JSONReport {
  static func text(of reports: [InspectionReport]) throws(ScaleNetError) -> String {
    let path = reports.first?.path
    return try reports.count == 1 ? reportJSON(reports[0], of: path) : reportJSON(reports, of: path)
  }
}

/// How comparisons are printed.
public enum DiffReportFormat: String, Sendable, CaseIterable {
  /// For terminals; for programs; for spreadsheets; for pages; for papers.
  case table, json, csv, markdown, latex

  /// The report as text that ends in a newline. JSON is as `schemas/diff.schema.json` has it; CSV is one table, that of
  /// layers or weights where the report has them, and otherwise that of outputs.
  ///
  /// - Parameter style: for `table` alone.
  public func text(of report: DiffReport, style: Style = .plain) throws(ScaleNetError) -> String {
    switch self {
    case .table:
      return DiffTable(report, style).text
    case .json:
      return try reportJSON(report, of: report.left.path)
    case .markdown:
      return DiffPage(report).document.markdown
    case .latex:
      return DiffPage(report).document.latex
    case .csv:
      return try DiffCSV(report).text()
    }
  }
}
