import Comparison
import FileIO

/// A comparison as Markdown (GitHub's dialect). What names could mean to Markdown is escaped.
struct DiffMarkdown {
  private let report: DiffReport

  init(_ report: DiffReport) {
    self.report = report
  }

  var text: String {
    var sections = ["## \(Self.text(report.headline))\n\n\(Self.text(report.explanation))\n"]
    sections.append(Self.table(["", "compared"], report.sideRows))
    for output in report.outputs {
      if let other = output.otherShape {
        sections.append(
          "### Output \(Self.text(output.names)): "
            + Self.text("\(output.shape) on the left, \(other) on the right; not compared") + "\n")
        continue
      }
      let word = output.isWithinTolerance ? "within the tolerance" : "**outside the tolerance**"
      sections.append(
        "### Output \(Self.text(output.names)) \(Self.text("\(output.shape)")): \(word)\n\n"
          + Self.table(["quantity", "value"], output.metricRows))
    }
    if let first = report.firstDivergence {
      sections.append(
        "### First divergence\n\n\(Self.text(first.nodeText)): \(Self.text(first.errorText)). "
          + "\(Self.text(first.explanation))\n")
    }
    for cause in [report.cause].compactMap({ $0 }) + report.otherCauses {
      let certainty = cause.confirmed ? "confirmed" : "not confirmed"
      sections.append(
        "### Cause: \(Self.text(cause.kind.rawValue)) (\(certainty))\n\n\(Self.text(cause.explanation))\n")
    }
    if !report.layers.isEmpty { sections.append(layers) }
    if let unmatched = report.unmatched { sections += self.unmatched(unmatched) }
    if let weights = report.weights { sections.append(self.weights(weights)) }
    if !report.notes.isEmpty {
      sections.append("### Notes\n\n" + report.notes.map { "- \(Self.text($0))\n" }.joined())
    }
    return sections.joined(separator: "\n")
  }

  private var layers: String {
    let first = report.firstDivergenceIndex
    return "### Layers\n\n"
      + MarkdownReport.table(
        ["layer", "on the right", "op", "aligned by", "shape", ">error of the largest", "tolerance"],
        report.layers.enumerated().map { index, layer in
          [
            Self.text(layer.name), Self.text(layer.otherName), Self.text(layer.op), layer.alignment.rawValue,
            layer.shape.shapeText, layer.relativeError.errorText,
            index == first ? "**first outside**" : layer.isWithinTolerance ? "within" : "outside",
          ]
        })
  }

  private func unmatched(_ unmatched: DiffReport.Unmatched) -> [String] {
    let rows = [("left", unmatched.left), ("right", unmatched.right)].flatMap { side, layers in
      layers.map { [side, Self.text($0.name), Self.text($0.op), Self.text($0.reason)] }
    }
    if rows.isEmpty { return [] }
    return ["### On one side only\n\n" + MarkdownReport.table(["side", "layer", "op", "why"], rows)]
  }

  private func weights(_ weights: [DiffReport.Weight]) -> String {
    let count = report.weightsCompared ?? 0
    if weights.isEmpty { return "### Weights\n\n\(count) compared, all equal.\n" }
    return "### Weights\n\n\(count) compared, \(weights.count) not equal.\n\n"
      + MarkdownReport.table(
        ["weight", "shape", "status", ">error of the largest", "note"],
        weights.map { weight in
          [
            Self.text(weight.names), weight.shape.shapeText, weight.status.words,
            weight.relativeError?.scientific ?? "-", Self.text(weight.note ?? ""),
          ]
        })
  }

  private static func table(_ titles: [String], _ rows: [(name: String, value: String)]) -> String {
    MarkdownReport.table(titles, rows.map { [text($0.name), text($0.value)] })
  }

  private static func text(_ text: String) -> String { MarkdownReport.escaped(text.onOneLine) }
}
