package import Comparison
package import FileIO

/// A comparison as one HTML page that needs nothing but itself: the verdict, its cause, both graphs side by side around
/// the first divergence, the error by depth, and where in the worst tensors the errors lie.
package struct ComparisonPage {
  private let report: DiffReport
  private let scene: DivergenceScene

  package init(_ report: DiffReport, _ scene: DivergenceScene) {
    self.report = report
    self.scene = scene
  }

  /// The page as UTF-8 text.
  package func text() throws(ScaleNetError) -> String {
    var body = "<section>\n<h1>\(report.headline.markup)</h1>\n<p>\(report.explanation.markup)</p>\n"
    body += list(report.sideRows)
    for note in report.notes { body += "<p class=\"muted\">\(note.sentenceMarkup)</p>\n" }
    for cause in [report.cause].compactMap({ $0 }) + report.otherCauses { body += markup(cause) }
    if let first = report.firstDivergence {
      body += "<h3>First divergence</h3>\n"
      body += list([("node", first.nodeText), ("errors", first.errorText), ("meaning", first.explanation)])
      body += sections
    }
    body += "<h3>Outputs</h3>\n"
    for output in report.outputs { body += markup(output) }
    if let amplification = report.amplification {
      body += "<h3>Rounding</h3>\n" + list(amplification.rows)
    }
    if let precision = report.precision { body += markup(precision) }
    if !report.layers.isEmpty {
      let chart = try DivergenceChart(report).drawing.svgElement(.properties)
      body += "<h3>Error by depth</h3>\n<figure>\(chart)</figure>\n"
    }
    if !scene.maps.isEmpty {
      body += "<h3>Where the errors lie</h3>\n<div class=\"row\">\n"
      for map in scene.maps {
        body += "<figure>\(HeatMap(map).drawing.svgElement(.properties))</figure>\n"
      }
      body += "</div>\n"
    }
    if !report.layers.isEmpty {
      body += "<details><summary>\(report.layers.count.grouped) layers</summary>\n\(layers)</details>\n"
    }
    let title = "\(report.headline): \(report.left.path) and \(report.right.path)"
    return PageFrame(title: title, body: body + "</section>\n").text
  }

  private func list(_ rows: [(name: String, value: String)]) -> String {
    "<dl>\n"
      + rows.map { "<div><dt>\($0.name.markup)</dt><dd>\($0.value.sentenceMarkup)</dd></div>\n" }.joined()
      + "</dl>\n"
  }

  private func markup(_ cause: DiffReport.Cause) -> String {
    return "<h3>Cause: \(cause.kind.rawValue.markup), \(report.certainty(of: cause))</h3>\n"
      + "<p>\(cause.explanation.sentenceMarkup)</p>\n"
  }

  /// Both graphs around the first divergence, as far as there are two.
  private var sections: String {
    let sides = [("left", scene.left), ("right", scene.right)].compactMap { side, section in
      section.map { (side, $0) }
    }
    guard !sides.isEmpty else { return "" }
    return "<div class=\"row\">\n"
      + sides.map { side, section in
        let boxes =
          [NodeDiagram.Box(title: "...", subtitle: "what comes before", inputs: [])]
          + section.nodes.map { node in
            NodeDiagram.Box(
              title: node.op, subtitle: node.name.escapedWhole, fill: node.isCentre ? .panel : .paper,
              stroke: node.isCentre ? .accent : .muted, inputs: node.inputs.map { $0 + 1 })
          }
        let diagram = NodeDiagram(
          title: "the \(side)", summary: "the \(side)'s graph around the first divergence", boxes: boxes)
        return "<figure>\(diagram.drawing.svgElement(.properties))</figure>\n"
      }.joined() + "</div>\n"
  }

  private func markup(_ output: DiffReport.Output) -> String {
    if let other = output.otherShape {
      return
        "<p><b>\(output.names.markup)</b>: \(output.shape) on the left, \(other) on the right; not compared</p>\n"
    }
    return "<p><b>\(output.names.markup)</b> \("\(output.shape)".markup): \(output.outcome)</p>\n"
      + list(output.metricRows)
  }

  private func markup(_ precision: DiffReport.Precision) -> String {
    let shown = DiffPrecision(precision)
    var table = PageTable([
      ">#", "layer", "op", ">adds", ">found", ">steps", ">in the run", ">weight step", "clipped",
      "unexplained",
    ])
    for (index, (layer, row)) in zip(precision.layers, shown.rows).enumerated() {
      let numbers = [layer.outputError, layer.foundError, layer.explainedError, layer.accumulatedError]
      table.rows.append(
        [.number(index + 1), .name(layer.name), .text(layer.op)]
          + zip(numbers, row.cells[2...]).map { .number($0 ?? -1, shown: $1) }
          + [.text(row.cells[6]), .text(row.cells[7]), .text(row.isUnexplained ? "yes" : "")])
    }
    return "<h3>\(shown.title.markup)</h3>\n" + list(shown.adviceRows)
      + "<p class=\"muted\">\(DiffPrecision.legend.markup).</p>\n" + table.markup
  }

  private var layers: String {
    var table = PageTable([
      ">#", "layer", "on the right", "op", "aligned by", "shape", ">error of the largest", "tolerance",
    ])
    let first = report.firstDivergenceIndex
    for (index, layer) in report.layers.enumerated() {
      table.rows.append([
        .number(index + 1), .name(layer.name), .name(layer.otherName), .text(layer.op),
        .text(layer.alignment.rawValue), .text(layer.shape.shapeText),
        .number(layer.relativeError ?? .infinity, shown: layer.relativeError.errorText),
        .text(index == first ? "first outside" : layer.isWithinTolerance ? "within" : "outside"),
      ])
    }
    return table.markup
  }
}
