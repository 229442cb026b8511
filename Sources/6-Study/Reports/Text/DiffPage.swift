import Comparison
import FileIO

/// A comparison as headings and tables, for Markdown and LaTeX.
struct DiffPage {
  private let report: DiffReport

  init(_ report: DiffReport) {
    self.report = report
  }

  var document: ReportDocument {
    var document = ReportDocument()
    document.addHeading(2, "\(report.headline)")
    document.addParagraph("\(report.explanation)")
    addTable(["", "compared"], report.sideRows, to: &document)
    for output in report.outputs { add(output, to: &document) }
    if let first = report.firstDivergence {
      document.addHeading(3, "First divergence")
      document.addParagraph("\(first.nodeText): \(first.errorText). \(first.explanation)")
    }
    for cause in [report.cause].compactMap({ $0 }) + report.otherCauses {
      document.addHeading(
        3, "Cause: \(cause.kind.rawValue) (\(cause.confirmed ? "confirmed" : "not confirmed"))")
      document.addParagraph("\(cause.explanation)")
    }
    if let amplification = report.amplification {
      document.addHeading(3, "Rounding")
      addTable(["amplified", "where"], amplification.rows, to: &document)
    }
    if let precision = report.precision { add(DiffPrecision(precision), to: &document) }
    if !report.layers.isEmpty { addLayers(to: &document) }
    if let unmatched = report.unmatched { add(unmatched, to: &document) }
    if let weights = report.weights { add(weights, to: &document) }
    if !report.notes.isEmpty {
      document.addHeading(3, "Notes")
      document.addList(report.notes)
    }
    return document
  }

  private func add(_ output: DiffReport.Output, to document: inout ReportDocument) {
    if let other = output.otherShape {
      document.addHeading(
        3, "Output \(output.names): \(output.shape) on the left, \(other) on the right; not compared")
      return
    }
    document.addHeading(
      3, "Output \(output.names) \(output.shape): ",
      output.isWithinTolerance ? "\(output.outcome)" : .strong(output.outcome))
    addTable(["quantity", "value"], output.metricRows, to: &document)
  }

  private func add(_ precision: DiffPrecision, to document: inout ReportDocument) {
    document.addHeading(3, "\(precision.title)")
    document.addParagraph("\(DiffPrecision.legend).")
    let numbers = 2...6
    document.addTable(
      DiffPrecision.columns.enumerated().map { (numbers.contains($0.offset) ? ">" : "") + $0.element } + [
        "more than steps explain"
      ],
      precision.rows.map { row in row.cells + [row.isUnexplained ? "yes" : ""] })
    addTable(["advice", ""], precision.adviceRows, to: &document)
  }

  private func addLayers(to document: inout ReportDocument) {
    let first = report.firstDivergenceIndex
    document.addHeading(3, "Layers")
    document.addTable(
      ["layer", "on the right", "op", "aligned by", "shape", ">error of the largest", "tolerance"],
      report.layers.enumerated().map { index, layer -> [ReportDocument.Run] in
        [
          "\(layer.name.escapedWhole)", "\(layer.otherName.escapedWhole)", "\(layer.op)",
          "\(layer.alignment.rawValue)", "\(layer.shape.shapeText)", "\(layer.relativeError.errorText)",
          index == first ? .strong("first outside") : layer.isWithinTolerance ? "within" : "outside",
        ]
      })
  }

  private func add(_ unmatched: DiffReport.Unmatched, to document: inout ReportDocument) {
    let rows = [("left", unmatched.left), ("right", unmatched.right)].flatMap { side, layers in
      layers.map { [side, $0.name.escapedWhole, $0.op, $0.reason] }
    }
    if rows.isEmpty { return }
    document.addHeading(3, "On one side only")
    document.addTable(["side", "layer", "op", "why"], rows)
  }

  private func add(_ weights: [DiffReport.Weight], to document: inout ReportDocument) {
    let count = report.weightsCompared ?? 0
    document.addHeading(3, "Weights")
    document.addParagraph(
      weights.isEmpty ? "\(count) compared, all equal." : "\(count) compared, \(weights.count) not equal.")
    if weights.isEmpty { return }
    document.addTable(
      ["weight", "shape", "status", ">error of the largest", "note"],
      weights.map { weight in
        [
          weight.names, weight.shape.shapeText, weight.status.words, weight.relativeError?.scientific ?? "-",
          weight.note ?? "",
        ]
      })
  }

  private func addTable(
    _ titles: [String], _ rows: [(name: String, value: String)], to document: inout ReportDocument
  ) {
    document.addTable(titles, rows.map { [$0.name, $0.value] })
  }
}
