package import FileIO
package import Inspection

/// Reports as one HTML page that needs nothing but itself: summary, charts, sortable tables, the graph of one block.
///
/// Everything that comes from a file is escaped, and the page's policy lets nothing be loaded and no script run but
/// its own.
package struct HTMLPage {
  /// One model of a page.
  package struct Entry: Sendable {
    package var report: InspectionReport
    /// The block whose graph is drawn, if there is one.
    package var block: BlockGraph?

    package init(_ report: InspectionReport, block: BlockGraph?) {
      self.report = report
      self.block = block
    }
  }

  private let entries: [Entry]

  /// Fails if there are no models.
  package init(_ entries: [Entry]) throws(ScaleNetError) {
    guard !entries.isEmpty else { throw .noModels }
    self.entries = entries
  }

  /// The page as UTF-8 text.
  package func text() throws(ScaleNetError) -> String {
    let title = entries.count == 1 ? entries[0].report.title : "\(entries.count) models"
    var body = ""
    if entries.count > 1 {
      body += "<h1>\(title.markup)</h1>\n" + (try comparison())
    }
    for entry in entries {
      body += try ModelSection(entry, heading: entries.count == 1 ? "h1" : "h2").markup()
    }
    return PageFrame(title: title, body: body).text
  }

  /// Several models side by side.
  private func comparison() throws(ScaleNetError) -> String {
    let reports = entries.map(\.report)
    var table = PageTable([
      ">#", "model", "file", "input", ">parameters", ">MACs", ">FLOPs", ">weights", ">peak memory",
      ">FLOPs/byte",
    ])
    for (index, report) in reports.enumerated() {
      let totals = report.totals
      table.rows.append([
        .number(index + 1), .name(report.displayName),
        PageTable.Cell(markup: report.fileName.markup, isName: true),
        .text(report.input.shape.shapeText), .number(totals.parameters), .number(totals.macs),
        .number(totals.flops), .number(Double(totals.weightBytes), shown: totals.weightBytes.byteText),
        .number(Double(totals.peakActivationBytes), shown: totals.peakActivationBytes.byteText),
        .number(totals.arithmeticIntensity, shown: totals.arithmeticIntensity.fixed(1)),
      ])
    }
    let chart = try ComparisonChart(reports).drawing.svgElement(.properties)
    return "<figure>\(chart)</figure>\n" + table.markup
  }
}
