import Comparison
import FileIO
import Glibc

/// A comparison for a terminal: the verdict, then what it rests on.
struct DiffTable {
  /// More outputs than these get a row each instead of a list of metrics.
  private static let mostDetailed = 3

  /// More layers than these are only counted on a terminal.
  private static let mostPrecisionRows = 24

  private let report: DiffReport
  private let style: Style

  init(_ report: DiffReport, _ style: Style) {
    self.report = report
    self.style = style
  }

  var text: String {
    var sections = [verdict, rows(report.sideRows)]
    sections.append(report.outputs.count <= Self.mostDetailed ? outputs : outputTable)
    if let first = report.firstDivergence {
      sections.append(
        title("first divergence")
          + rows([("node", first.nodeText), ("errors", first.errorText), ("meaning", first.explanation)]))
    }
    if let cause = report.cause { sections.append(title("cause") + rows(self.rows(of: cause))) }
    for cause in report.otherCauses { sections.append(title("another cause") + rows(self.rows(of: cause))) }
    if let amplification = report.amplification {
      sections.append(title("rounding") + rows(amplification.rows))
    }
    if let precision = report.precision { sections.append(self.precision(DiffPrecision(precision))) }
    if !report.layers.isEmpty { sections.append(layers) }
    if let unmatched = report.unmatched, !unmatched.left.isEmpty || !unmatched.right.isEmpty {
      sections.append(self.unmatched(unmatched))
    }
    if let weights = report.weights { sections.append(self.weights(weights)) }
    return sections.joined(separator: "\n")
  }

  private var verdict: String {
    style.bold(report.headline) + "\n"
      + report.explanation.wrapped(to: style.width, cutsWords: style.cutsNames).map { $0 + "\n" }.joined()
  }

  private func title(_ text: String) -> String { style.bold(text) + "\n" }

  /// Names, and texts that go on under themselves.
  private func rows(_ rows: [(name: String, value: String)]) -> String {
    let names = (rows.map(\.name.columns).max() ?? 0) + 2
    return rows.map { row in
      let lines = row.value.wrapped(to: max(20, style.width - names), cutsWords: style.cutsNames)
      return lines.enumerated().map { index, line in
        (index == 0 ? row.name : "").padded(to: names) + line + "\n"
      }.joined()
    }.joined()
  }

  private var outputs: String {
    report.outputs.map { output in
      let word = output.outcome.replacing("outside", with: "OUTSIDE")
      if let other = output.otherShape {
        return title(
          "output \(output.names): \(output.shape) on the left, \(other) on the right; not compared")
      }
      let names = "output \(output.names) \(output.shape)"
      let shown = style.cutsNames ? names.fitted(to: style.width - word.columns - 2) : names
      return title("\(shown): \(word)") + rows(output.metricRows)
    }.joined(separator: "\n")
  }

  private var outputTable: String {
    var table = TextTable([
      .init(""), .init("output", isFlexible: true), .init("shape"),
      .init("max abs", isNumber: true), .init("max rel", isNumber: true),
      .init("cosine", isNumber: true), .init("outside", isNumber: true),
    ])
    for output in report.outputs {
      let metrics = output.metrics
      table.add([
        output.isWithinTolerance ? " " : "x", output.names, output.shape.shapeText,
        metrics.maxAbsoluteError.errorText, metrics.maxRelativeError.errorText,
        metrics.cosineSimilarity?.fixed(6) ?? "-", metrics.mismatchedCount.short,
      ])
    }
    return "x: outside the tolerance\n" + table.text(style)
  }

  private func rows(of cause: DiffReport.Cause) -> [(name: String, value: String)] {
    var rows = [("kind", "\(cause.kind.rawValue), \(report.certainty(of: cause))")]
    if let node = cause.node ?? cause.otherNode {
      rows.append(("node", node.escapedWhole + (cause.node == nil ? ", on the right" : "")))
    }
    if let tensor = cause.tensor { rows.append(("tensor", tensor.escapedWhole)) }
    // The verdict may have said it.
    return report.explanation.contains(cause.explanation) ? rows : rows + [("meaning", cause.explanation)]
  }

  private func precision(_ precision: DiffPrecision) -> String {
    var table = TextTable([
      .init(""), .init("layer", isFlexible: true), .init("op"), .init("adds", isNumber: true),
      .init("found", isNumber: true), .init("steps", isNumber: true), .init("in the run", isNumber: true),
      .init("weight step", isNumber: true), .init("clipped", isFlexible: true),
    ])
    let rows = precision.rows
    let shown = rows.prefix(style.cutsNames ? Self.mostPrecisionRows : rows.count)
    for row in shown { table.add([row.isUnexplained ? "!" : ""] + row.cells) }
    let legend = (DiffPrecision.legend + "; ! more than steps explain").wrapped(
      to: style.width, cutsWords: style.cutsNames)
    let rest = rows.count - shown.count
    return title(precision.title) + legend.map { $0 + "\n" }.joined() + table.text(style)
      + (rest > 0 ? "and \(rest) layers that add less\n" : "") + "\n" + title("advice")
      + self.rows(precision.adviceRows)
  }

  private var layers: String {
    let hasOtherNames = report.hasOtherNames
    var columns: [TextTable.Column] = [.init(""), .init("layer", isFlexible: true)]
    if hasOtherNames { columns.append(.init("on the right", isFlexible: true)) }
    columns += [
      .init("op"), .init("by"), .init("error", isNumber: true), .init("decades"),
    ]
    var table = TextTable(columns)
    let first = report.firstDivergenceIndex
    for (index, layer) in report.layers.enumerated() {
      table.add(
        [index == first ? ">" : layer.isWithinTolerance ? " " : "x", layer.name.escapedWhole]
          + (hasOtherNames ? [layer.otherName.escapedWhole] : [])
          + [
            layer.op, layer.alignment.rawValue, layer.relativeError.errorText,
            ErrorBar.text(layer.relativeError),
          ])
    }
    let outside = report.layers.count { !$0.isWithinTolerance }
    // Padding behind the last column is cut, which a style around it would prevent.
    let last = columns.count - 1
    return title("layers: \(report.layers.count) aligned, \(outside) outside the tolerance")
      + "> first divergence, x outside the tolerance; error: of the largest magnitude\n"
      + table.text(style) { column, row, cell in
        column == 0 || column == last || report.layers[row].isWithinTolerance ? cell : style.bold(cell)
      }
  }

  private func unmatched(_ unmatched: DiffReport.Unmatched) -> String {
    let rows = [("left", unmatched.left), ("right", unmatched.right)].flatMap { side, layers in
      layers.map { (name: side, value: "\($0.name.escapedWhole) (\($0.op)): \($0.reason)") }
    }
    return title("on one side only: \(unmatched.left.count) left, \(unmatched.right.count) right")
      + self.rows(rows)
  }

  /// Those that are rounded differently, as folding does, are only counted.
  private func weights(_ weights: [DiffReport.Weight]) -> String {
    let count = report.weightsCompared ?? 0
    if weights.isEmpty { return title("weights: \(count) compared, all equal") }
    let differing = weights.filter { $0.status != .rounded }
    let rounded = weights.count - differing.count
    let summary = "weights: \(count) compared, \(differing.count) not equal"
    let heading = title(summary + (rounded > 0 ? ", \(rounded) rounded differently" : ""))
    if differing.isEmpty { return heading }
    var table = TextTable([
      .init("weight", isFlexible: true), .init("shape"), .init("status"),
      .init("error", isNumber: true), .init("note", isFlexible: true),
    ])
    for weight in differing {
      table.add([
        weight.names, weight.shape.shapeText, weight.status.words, weight.relativeError?.scientific ?? "-",
        weight.note?.escapedWhole ?? "",
      ])
    }
    return heading + table.text(style)
  }
}

extension DiffReport.Weight {
  /// Both names, or the one.
  var names: String {
    let names = name == otherName ? [name] : [name, otherName]
    return names.compactMap { $0 }.joined(separator: " = ").escapedWhole
  }
}

extension DiffReport.WeightStatus {
  var words: String {
    switch self {
    case .leftOnly: "left only"
    case .rightOnly: "right only"
    case .equal, .rounded, .differs, .transposed, .permuted: rawValue
    }
  }
}

/// A relative error as a bar of characters: one for each decade above 1e-9, so that what grows is seen at a glance.
enum ErrorBar {
  static let width = 9

  /// `##` for 3e-8; nothing for no error, all of it for 0.1 and more.
  static func text(_ error: Double?) -> String {
    guard let error, error.isFinite else { return String(repeating: "#", count: width) }
    guard error > 0 else { return "" }
    let decades = log10(error).rounded(.down) + Double(width + 1)
    return String(repeating: "#", count: Int(min(max(decades, 1), Double(width))))
  }
}
