import Architectures
import FileIO
import Inspection

/// The part of a page that is about one model.
struct ModelSection {
  private let report: InspectionReport
  private let block: BlockGraph?
  /// `h1` or `h2`.
  private let heading: String

  init(_ entry: HTMLPage.Entry, heading: String) {
    report = entry.report
    block = entry.block
    self.heading = heading
  }

  func markup() throws(ScaleNetError) -> String {
    var result = "<section>\n<\(heading)>\(report.title.markup)</\(heading)>\n"
    result += "<p>\(report.path.nameMarkup)</p>\n"
    result +=
      "<p class=\"muted\">\(report.format.nameMarkup), \(report.classesText), input "
      + "\(report.input.name.nameMarkup) \(report.input.shape.shapeText)"
      + (report.input.layout.map { " (\($0))" } ?? "") + "</p>\n"
    for row in report.imageRows {
      result += "<p class=\"muted\">\(row.name.markup): \(row.text.markup)</p>\n"
    }
    for note in report.assumptionLines + report.notes {
      result += "<p class=\"muted\">\(note.sentenceMarkup)</p>\n"
    }
    if let graph = report.graph {
      var table = PageTable(["of the file", "what it says"])
      for row in graph.rows { table.rows.append([.text(row.name), .text(row.text)]) }
      result += "<details><summary>What the file says of its graph</summary>\n\(table.markup)</details>\n"
    }
    result += "<dl>\n"
    for row in report.totalRows {
      let remark = row.remark.isEmpty ? "" : "<small>\(row.remark.markup)</small>"
      result += "<div><dt>\(row.name.markup)</dt><dd>\(row.value.markup)\(remark)</dd></div>\n"
    }
    result += "</dl>\n"
    if !report.blocks.isEmpty {
      let chart = try AllocationChart(report).drawing.svgElement(.properties)
      result += "<h3>Channels of each block</h3>\n<figure>\(chart)</figure>\n<h3>Blocks</h3>\n" + blocks
    }
    if let scales = report.ownScales {
      result +=
        "<h3>Scales of each block</h3>\n<p class=\"muted\">\(scales.summary.markup)</p>\n" + table(scales)
    }
    if let block {
      let diagram = BlockDiagram(block).drawing.svgElement(.properties)
      result += "<h3>The graph of one block</h3>\n<figure>\(diagram)</figure>\n"
    }
    let count = report.layers.count == 1 ? "1 layer" : "\(report.layers.count.grouped) layers"
    return result + "<details><summary>\(count)</summary>\n\(layers)</details>\n</section>\n"
  }

  private var blocks: String {
    let hasScales = report.hasScalesOnly
    let own =
      hasScales
      ? [">scale 1", ">scale 2", ">scale 4", ">scale 7", "kernels", "resize"]
      : ["kind", ">width", ">output", ">kernel", ">groups", ">squeeze"]
    var table = PageTable([">#", "block", ">stage", ">size"] + own + [">parameters", ">MACs"])
    for (index, block) in report.blocks.enumerated() {
      var row: [PageTable.Cell] = [
        .number(index + 1), .name(block.name), .number(block.stage),
        .number(Double(block.featureSize.first ?? 0), shown: block.sizeText),
      ]
      if hasScales {
        row += block.channels.map { .number(Double($0), shown: $0 == 0 ? "-" : "\($0)") }
        row.append(.text(block.kernelSizes.map { $0 == 0 ? "-" : "\($0)" }.joined(separator: " ")))
        row.append(.text(block.resizeTexts.joined(separator: " ")))
      } else {
        row += [
          .text(block.kindText), .number(block.channels.reduce(0, +)), .number(block.outputChannels),
          .number(block.kernelSizes.max() ?? 0), .number(block.groups),
          .number(Double(block.squeezeChannels ?? 0), shown: block.squeezeText),
        ]
      }
      table.rows.append(row + [.number(block.parameters), .number(block.macs)])
    }
    return table.markup
  }

  private func table(_ scales: ScaleTable) -> String {
    var table = PageTable([">#", "block"] + scales.scales.map { ">\($0)" })
    for (index, block) in scales.blocks.enumerated() {
      table.rows.append(
        [.number(index + 1), .name(block.name)]
          + zip(block.channels, scales.texts(block)).map { .number(Double($0), shown: $1) })
    }
    return table.markup
  }

  private var layers: String {
    var table = PageTable([
      ">#", "layer", "op", "inputs", "output", ">parameters", ">MACs", ">other operations", ">bytes moved",
    ])
    for (index, layer) in report.layers.enumerated() {
      table.rows.append([
        .number(index + 1), .name(layer.name), .text(layer.op),
        .text(layer.inputShapes.map(\.shapeText).joined(separator: ", ")), .text(layer.outputShape.shapeText),
        .number(layer.parameters), .number(layer.macs), .number(layer.otherOperations),
        .number(layer.memoryTrafficBytes),
      ])
    }
    return table.markup
  }
}
