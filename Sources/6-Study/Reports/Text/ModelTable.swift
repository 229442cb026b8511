import FileIO
import Inspection

/// The report of one model for a terminal.
struct ModelTable {
  private let report: InspectionReport
  private let style: Style

  init(_ report: InspectionReport, _ style: Style) {
    self.report = report
    self.style = style
  }

  func text(isPerLayer: Bool) -> String {
    var text = header
    if !report.blocks.isEmpty { text += "\n" + (report.hasScalesOnly ? scaleBlocks : residualBlocks) }
    if let scales = report.ownScales {
      text += "\n\(scales.summary)\nchannels of each scale\n" + scales.text.text(style)
    }
    if isPerLayer { text += "\n" + layers }
    return text + "\n" + totals
  }

  /// The table of all nodes under the model's name.
  var titledLayers: String { style.bold(name) + "\n" + layers }

  private var name: String { fitted(report.title) }

  private func fitted(_ text: String) -> String { style.cutsNames ? text.fitted(to: style.width) : text }

  private var header: String {
    let file = report.path.escapedWhole
    // Most inputs are called just that.
    let inputName = report.input.name == "input" ? "" : " \(report.input.name.escapedWhole)"
    let layout = report.input.layout.map { " (\($0))" } ?? ""
    let input = "input\(inputName) \(report.input.shape)\(layout)"
    return style.bold(name) + "\n"
      + fitted("\(report.format.escapedWhole), \(report.classesText)")
      + "\n" + fitted(file) + "\n" + fitted(input) + "\n"
      + report.imageRows.map { row in
        row.text.wrapped(to: style.width - row.name.count - 1).enumerated().map { index, line in
          (index == 0 ? row.name : "").padded(to: row.name.count) + " \(line)\n"
        }.joined()
      }.joined()
      + report.assumptionLines.map { $0 + "\n" }.joined()
      + (report.graph.map { "\n" + $0.lines(style) } ?? "")
  }

  /// Scale-aggregation blocks: the channels of each scale and their shares.
  private var scaleBlocks: String {
    let widest = report.blocks.flatMap(\.channels).max() ?? 0
    let digits = String(widest).count
    func table(barWidth: Int) -> TextTable {
      var table = TextTable([
        .init("block", isFlexible: true), .init("size", isNumber: true),
        .init(ShareBar.scales.map { String($0).padded(to: digits, isRight: true) }.joined(separator: " ")),
        .init("share"), .init("kernels"), .init("params", isNumber: true),
        .init("MACs", isNumber: true),
      ])
      addBlocks(to: &table) { block in
        let counts = block.channels.map { ($0 == 0 ? "-" : String($0)).padded(to: digits, isRight: true) }
        let kernels = block.kernelTexts.map { $0.padded(to: 2) }.joined(separator: " ")
        return [
          block.name.escapedWhole, block.sizeText, counts.joined(separator: " "),
          ShareBar(block.channels).text(barWidth), kernels, block.parameters.short, block.macs.short,
        ]
      }
      return table
    }
    let least = 8
    let barWidth = least + min(16, max(0, style.width - table(barWidth: least).naturalWidth))
    return (report.scales.map { $0.summary + "\n" } ?? "")
      + "1, 2, 4, 7: channels at each scale; share: as a bar of the scales' names\n"
      + "kernels: of each scale, and how it is resized: n nearest, b bilinear\n"
      + table(barWidth: barWidth).text(style) { column, _, cell in
        column == 3 ? ShareBar.decorated(cell, style) : cell
      }
  }

  /// Residual blocks of any kind.
  private var residualBlocks: String {
    var table = TextTable([
      .init("block", isFlexible: true), .init("kind"), .init("size", isNumber: true),
      .init("width", isNumber: true), .init("output", isNumber: true),
      .init("kernel", isNumber: true), .init("groups", isNumber: true), .init("squeeze"),
      .init("params", isNumber: true), .init("MACs", isNumber: true),
    ])
    addBlocks(to: &table) { block in
      [
        block.name.escapedWhole, block.kindText, block.sizeText, "\(block.channels.reduce(0, +))",
        "\(block.outputChannels)", "\(block.kernelSizes.max() ?? 0)", "\(block.groups)", block.squeezeText,
        block.parameters.short, block.macs.short,
      ]
    }
    return table.text(style)
  }

  private func addBlocks(to table: inout TextTable, _ row: (BlockReport) -> [String]) {
    var stage = report.blocks.first?.stage
    for block in report.blocks {
      if block.stage != stage { table.addRule() }
      stage = block.stage
      table.add(row(block))
    }
  }

  private var layers: String {
    var table = TextTable([
      .init("layer", isFlexible: true), .init("op", isFlexible: true), .init("input"),
      .init("output"), .init("params", isNumber: true), .init("MACs", isNumber: true),
    ])
    for layer in report.layers {
      let more = layer.inputShapes.count > 1 ? " +\(layer.inputShapes.count - 1)" : ""
      table.add([
        layer.name.escapedWhole, layer.op, (layer.inputShapes.first?.shapeText ?? "-") + more,
        layer.outputShape.shapeText, layer.parameters.short, layer.macs.short,
      ])
    }
    // A graph has images in one order, whatever the file has.
    let order = report.input.layout == "NHWC" ? "feature maps are NCHW here\n" : ""
    return order + table.text(style)
  }

  private var totals: String {
    let rows = report.totalRows
    let names = rows.map(\.name.columns).max() ?? 0
    let values = rows.map(\.value.columns).max() ?? 0
    return rows.map { row in
      let remark = row.remark.isEmpty ? "" : "  " + style.faint(row.remark)
      return row.name.padded(to: names) + "  " + row.value.padded(to: values, isRight: true) + remark + "\n"
    }.joined()
  }
}

extension [Int] {
  /// `1x64x56x56`; `scalar` for none.
  var shapeText: String { isEmpty ? "scalar" : map(String.init).joined(separator: "x") }
}
