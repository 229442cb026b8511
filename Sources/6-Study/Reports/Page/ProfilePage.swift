public import FileIO
public import Profiling

/// What the layers of an engine took, as one HTML page that needs nothing but itself: a chart and tables that sort.
public struct ProfilePage {
  private let report: ProfileReport

  public init(_ report: ProfileReport) { self.report = report }

  /// The page as UTF-8 text.
  public func text() throws(ScaleNetError) -> String {
    var body = "<section>\n<h1>\(report.headline.markup)</h1>\n<p>\(report.model.nameMarkup)</p>\n"
    let files = [report.layersPath, report.profilePath].compactMap { $0 }.map(\.nameMarkup)
    body += "<p class=\"muted\">\(files.joined(separator: ", "))</p>\n"
    for note in report.notes { body += "<p class=\"muted\">\(note.sentenceMarkup)</p>\n" }
    body += "<dl>\n"
    for row in report.kindRows {
      body += "<div><dt>\(row.name.markup)</dt><dd>\(row.value.markup)</dd></div>\n"
    }
    body += "</dl>\n"
    if (report.timeMs ?? 0) > 0 {
      body += "<figure>\(try ProfileChart(report).drawing.svgElement(.properties))</figure>\n"
    }
    body += "<h3>Parts of the network</h3>\n" + table(report.parts)
    if !report.scales.isEmpty { body += "<h3>Scales</h3>\n" + table(report.scales) }
    for line in ProfileReport.legend + (report.hasDivided ? [ProfileReport.dividedLegend] : []) {
      body += "<p class=\"muted\">\(line.markup)</p>\n"
    }
    if !report.fusions.isEmpty { body += "<h3>Fused operators</h3>\n" + fusions }
    if !report.foreignLayers.isEmpty {
      body += "<h3>Layers of TensorRT's own, or that match nothing</h3>\n" + table(report.foreignLayers)
    }
    if !report.unclaimedNodes.isEmpty { body += "<h3>Nodes that no layer names</h3>\n" + unclaimed }
    let count = report.layers.count == 1 ? "1 layer" : "\(report.layers.count.grouped) layers"
    body += "<details><summary>\(count)</summary>\n\(table(report.layers))</details>\n</section>\n"
    return PageFrame(title: report.headline, body: body).text
  }

  private func number(_ value: Double?, _ shown: String) -> PageTable.Cell {
    .number(value ?? 0, shown: value == nil ? "-" : shown)
  }

  private func table(_ parts: [ProfileReport.Part]) -> String {
    var table = PageTable([
      ">#", "part", ">layers", ">ms", ">share", ">TensorRT's own ms", ">MACs", ">share of MACs", ">ratio",
    ])
    for (index, part) in parts.enumerated() {
      let cells = part.cells(exact: true)
      table.rows.append([
        .number(index + 1), .name(part.name), .number(part.layers), number(part.timeMs, cells[2]),
        number(part.share, cells[3]), number(part.insertedMs, cells[4]), .number(part.macs),
        number(part.macsShare, cells[6]), number(part.ratio, cells[7]),
      ])
    }
    return table.markup
  }

  private var fusions: String {
    var table = PageTable(["operators", ">layers", ">ms"])
    for fusion in report.fusions {
      table.rows.append([
        .name(fusion.text), .number(fusion.layers), number(fusion.timeMs, fusion.timeMs.millisecondsText),
      ])
    }
    return table.markup
  }

  private var unclaimed: String {
    var table = PageTable(["node", "operator", "part", ">MACs"])
    for node in report.unclaimedNodes {
      table.rows.append([.name(node.name), .text(node.op), .name(node.place), .number(node.macs)])
    }
    return table.markup
  }

  private func table(_ layers: [ProfileReport.Layer]) -> String {
    var table = PageTable([">#", "layer", "kind", "type", "nodes", "part", "kernel", ">ms", ">share"])
    for (index, layer) in layers.enumerated() {
      table.rows.append([
        .number(index + 1), .name(layer.name), .text(layer.kind.rawValue), .name(layer.type ?? "-"),
        .name(layer.nodes.isEmpty ? "-" : layer.nodes.joined(separator: ", ")), .name(layer.placeText),
        .name(layer.tactic ?? "-"), number(layer.timeMs, layer.timeMs.millisecondsText),
        number(layer.share, layer.share.percentText),
      ])
    }
    return table.markup
  }
}
