import Architectures
import FileIO
import Inspection

/// Reports as headings and tables, for Markdown and LaTeX. Numbers are exact.
struct PageReport {
  private let reports: [InspectionReport]

  init(_ reports: [InspectionReport]) {
    self.reports = reports
  }

  func document(isPerLayer: Bool) -> ReportDocument {
    var document = ReportDocument()
    if reports.count == 1 {
      addSummary(reports[0], to: &document)
      if !reports[0].blocks.isEmpty { addBlocks(reports[0], to: &document) }
      if let scales = reports[0].ownScales { addScales(scales, to: &document) }
    } else {
      addComparison(to: &document)
      if reports.contains(where: { $0.scales != nil }) { addComparisonOfScales(to: &document) }
    }
    if isPerLayer { for report in reports { addLayers(report, to: &document) } }
    return document
  }

  private func addSummary(_ report: InspectionReport, to document: inout ReportDocument) {
    document.addHeading(2, "\(report.title)")
    let layout = report.input.layout.map { " (\($0))" } ?? ""
    document.addParagraph(
      "\(report.path.escapedWhole): \(report.format.escapedWhole), \(report.classesText), input \(report.input.name.escapedWhole) \(report.input.shape.shapeText)\(layout)"
    )
    for row in report.imageRows { document.addParagraph("\(row.name): \(row.text)") }
    for line in report.assumptionLines { document.addParagraph("\(line)") }
    if let graph = report.graph {
      document.addTable(["of the file", "what it says"], graph.rows.map { [$0.name, $0.text] })
    }
    document.addTable(
      ["quantity", ">value", "remark"], report.totalRows.map { [$0.name, $0.value, $0.remark] })
  }

  private func addComparison(to document: inout ReportDocument) {
    document.addTable(
      [
        "model", "file", "input", ">parameters", ">MACs", ">FLOPs", ">weights", ">peak activations",
        ">FLOPs per byte",
      ],
      reports.map { report in
        let totals = report.totals
        return [
          report.title, report.fileName, report.input.shape.shapeText,
          totals.parameters.grouped, totals.macs.grouped, totals.flops.grouped, totals.weightBytes.byteText,
          totals.peakActivationBytes.byteText, totals.arithmeticIntensity.fixed(1),
        ]
      })
  }

  private func addComparisonOfScales(to document: inout ReportDocument) {
    document.addTable(
      ["model", "scales by", "joined by", ">at most", "scales"],
      zip(reports, reports.labels).map { report, label in
        let scales = report.scales
        return [
          label.escapedWhole, scales?.originText ?? "-", scales?.join.rawValue ?? "-",
          "\(scales?.mostScales ?? 1)", (scales?.scales.joined(separator: ", ") ?? "-").escapedWhole,
        ]
      })
  }

  private func addScales(_ scales: ScaleTable, to document: inout ReportDocument) {
    document.addParagraph("\(scales.summary.escapedWhole)")
    document.addTable(
      ["block"] + scales.scales.map { ">\($0)" },
      scales.blocks.map { [$0.name.escapedWhole] + scales.texts($0) })
  }

  private func addBlocks(_ report: InspectionReport, to document: inout ReportDocument) {
    if report.hasScalesOnly {
      return document.addTable(
        ["block", ">stage", ">size", ">1", ">2", ">4", ">7", "kernels", "resize", ">parameters", ">MACs"],
        report.blocks.map { block in
          [block.name.escapedWhole, "\(block.stage)", block.sizeText]
            + block.channels.map { $0 == 0 ? "-" : "\($0)" }
            + [
              block.kernelSizes.map { $0 == 0 ? "-" : "\($0)" }.joined(separator: " "),
              block.resizeTexts.joined(separator: " "),
              block.parameters.grouped, block.macs.grouped,
            ]
        })
    }
    document.addTable(
      [
        "block", "kind", ">stage", ">size", ">width", ">output", ">kernel", ">groups", ">squeeze",
        ">parameters",
        ">MACs",
      ],
      report.blocks.map { block in
        [
          block.name.escapedWhole, block.kindText, "\(block.stage)", block.sizeText,
          block.channels.filter { $0 > 0 }.map(String.init).joined(separator: " + "),
          "\(block.outputChannels)",
          "\(block.kernelSizes.max() ?? 0)", "\(block.groups)", block.squeezeText, block.parameters.grouped,
          block.macs.grouped,
        ]
      })
  }

  private func addLayers(_ report: InspectionReport, to document: inout ReportDocument) {
    if reports.count > 1 { document.addHeading(2, "\(report.title)") }
    document.addTable(
      ["layer", "op", "inputs", "output", ">parameters", ">MACs"],
      report.layers.map { layer in
        [
          layer.name.escapedWhole, layer.op, layer.inputShapes.map(\.shapeText).joined(separator: ", "),
          layer.outputShape.shapeText, layer.parameters.grouped, layer.macs.grouped,
        ]
      })
  }
}
