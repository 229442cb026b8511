public import FileIO
public import Inspection

extension ReportFormat {
  /// Reports of tensors as text that ends in a newline: the modules of each model, or all of its tensors.
  ///
  /// - Parameters:
  ///   - isPerTensor: whether every tensor gets a row instead of every module; JSON always has both.
  ///   - style: for `table` alone.
  public func text(
    of reports: [TensorReport], isPerTensor: Bool, style: Style = .plain
  ) throws(ScaleNetError) -> String {
    switch self {
    case .table:
      return reports.map { TensorTable($0, style).text(isPerTensor: isPerTensor) }.joined(separator: "\n")
    case .json:
      return try JSONReport.array(
        reports.map { (report) throws(ScaleNetError) in try JSONReport.text(of: report) })
    case .csv:
      let rows = isPerTensor ? TensorRows.tensors(reports) : TensorRows.modules(reports)
      return rows.map { $0.joined(separator: ",") + "\n" }.joined()
    case .markdown:
      return TensorRows.document(reports, isPerTensor: isPerTensor).markdown
    case .latex:
      return TensorRows.document(reports, isPerTensor: isPerTensor).latex
    }
  }
}

extension ReportFormat {
  /// Reports of networks, then reports of tensors, of the models of one command.
  ///
  /// - Throws: for both kinds as CSV, whose rows have one set of columns.
  public func text(
    of reports: [InspectionReport], and tensors: [TensorReport], isPerLayer: Bool, isPerTensor: Bool,
    style: Style = .plain
  ) throws(ScaleNetError) -> String {
    if tensors.isEmpty { return try text(of: reports, isPerLayer: isPerLayer, style: style) }
    if reports.isEmpty { return try text(of: tensors, isPerTensor: isPerTensor, style: style) }
    switch self {
    case .table, .markdown, .latex:
      return try text(of: reports, isPerLayer: isPerLayer, style: style) + "\n"
        + text(of: tensors, isPerTensor: isPerTensor, style: style)
    case .json:
      var texts: [String] = []
      for report in reports { texts.append(try JSONReport.text(of: [report])) }
      for report in tensors { texts.append(try JSONReport.text(of: report)) }
      return JSONReport.array(texts)
    case .csv:
      throw .invalidOption(
        "format", expected: "json or markdown for networks beside tensors of none", found: "csv")
    }
  }
}

extension JSONReport {
  /// One report as an object.
  static func text(of report: TensorReport) throws(ScaleNetError) -> String {
    try reportJSON(report, of: report.path)
  }

  /// The only report of a list, or an array of several; each is a text of its own.
  static func array(_ reports: [String]) -> String {
    guard reports.count != 1 else { return reports[0] }
    let items = reports.map { report in
      report.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }
    return "[\n" + items.joined(separator: ",\n") + "\n]\n"
  }
}

/// The rows of reports of tensors for CSV and for languages of pages. Numbers are exact.
enum TensorRows {
  static func modules(_ reports: [TensorReport]) -> [[String]] {
    [["path", "module", "depth", "tensors", "parameters", "buffers", "bytes"]]
      + reports.flatMap { report in
        report.modules.map { module in
          [CSVReport.name(report.path), CSVReport.name(module.name)]
            + [module.depth, module.tensors, module.parameters, module.buffers, module.bytes].map(String.init)
        }
      }
  }

  static func tensors(_ reports: [TensorReport]) -> [[String]] {
    [["path", "tensor", "type", "shape", "bytes", "minimum", "maximum", "mean", "not_finite"]]
      + reports.flatMap { report in
        report.tensors.map { tensor in
          [CSVReport.name(report.path), CSVReport.name(tensor.name)]
            + cells(tensor, bytes: "\(tensor.bytes)", none: "")
        }
      }
  }

  static func document(_ reports: [TensorReport], isPerTensor: Bool) -> ReportDocument {
    var document = ReportDocument()
    for report in reports {
      document.addHeading(2, "\(report.architecture.escapedWhole)")
      let reason = report.reason.map { ", \($0.escapedWhole)" } ?? ""
      document.addParagraph(
        "\(report.path.escapedWhole): \(report.format.escapedWhole)\(reason)")
      if let graph = report.graph {
        document.addTable(["of the file", "what it says"], graph.rows.map { [$0.name, $0.text] })
      }
      if isPerTensor {
        document.addTable(
          ["tensor", "type", "shape", ">bytes", ">minimum", ">maximum", ">mean", ">not finite"],
          report.tensors.map { [$0.name.escapedWhole] + cells($0, bytes: $0.bytes.grouped, none: "-") })
      } else {
        document.addTable(
          ["module", ">tensors", ">parameters", ">buffers", ">bytes"],
          report.modules.map { module in
            [module.name.isEmpty ? "all" : module.name.escapedWhole]
              + [module.tensors, module.parameters, module.buffers, module.bytes].map(\.grouped)
          })
      }
    }
    return document
  }

  /// Type, shape, bytes and statistics.
  private static func cells(_ tensor: TensorReport.Tensor, bytes: String, none: String) -> [String] {
    let statistics = tensor.statistics
    return [tensor.type, tensor.shape.shapeText, bytes]
      + [statistics?.minimum, statistics?.maximum, statistics?.mean].map { $0.map { "\($0)" } ?? none }
      + [statistics.map { "\($0.notFinite)" } ?? none]
  }
}
