import FileIO
import Profiling

/// What the layers of an engine took, for a terminal.
struct ProfileTable {
  /// Rows of lists of which the terminal shows the first; all with a row for each layer.
  private static let shownRows = 12

  private let report: ProfileReport
  private let style: Style

  init(_ report: ProfileReport, _ style: Style) {
    self.report = report
    self.style = style
  }

  func text(isPerLayer: Bool) -> String {
    let limit = isPerLayer ? Int.max : Self.shownRows
    var result = style.bold(cut(report.headline)) + "\n" + cut(report.model.escapedWhole) + "\n"
    let width = report.kindRows.map(\.name.columns).max() ?? 0
    for row in report.kindRows { result += row.name.padded(to: width) + "  \(row.value)\n" }
    result += "\ntime by part, beside multiply-accumulates\n" + table(report.parts)
    if !report.scales.isEmpty { result += "\ntime by scale\n" + table(report.scales) }
    for line in ProfileReport.legend + (report.hasDivided ? [ProfileReport.dividedLegend] : []) {
      result += line.wrapped(to: style.width).map { style.faint($0) + "\n" }.joined()
    }
    result += fusions(limit) + foreign(limit) + unclaimed(limit)
    if isPerLayer { result += "\nlayers\n" + layers }
    return result
  }

  private func cut(_ text: String) -> String { style.cutsNames ? text.fitted(to: style.width) : text }

  private func table(_ parts: [ProfileReport.Part]) -> String {
    var table = TextTable([
      .init("part", isFlexible: true), .init("layers", isNumber: true), .init("ms", isNumber: true),
      .init("share", isNumber: true), .init("TensorRT's", isNumber: true), .init("MACs", isNumber: true),
      .init("share", isNumber: true), .init("ratio", isNumber: true),
    ])
    var last: ProfileReport.Part?
    for part in parts {
      if let last, last.group != part.group { table.addRule() }
      last = part
      table.add(part.cells(exact: false))
    }
    return table.text(style)
  }

  private func fusions(_ limit: Int) -> String {
    guard !report.fusions.isEmpty else { return "" }
    var table = TextTable([
      .init("operators", isFlexible: true), .init("layers", isNumber: true), .init("ms", isNumber: true),
    ])
    for fusion in report.fusions.prefix(limit) {
      table.add([fusion.text, "\(fusion.layers)", fusion.timeMs.millisecondsText])
    }
    return "\nfused into one layer\n" + table.text(style) + more(report.fusions.count, limit)
  }

  private func foreign(_ limit: Int) -> String {
    let layers = report.foreignLayers
    guard !layers.isEmpty else { return "" }
    var table = TextTable([
      .init("layer", isFlexible: true), .init("kind"), .init("for", isFlexible: true),
      .init("ms", isNumber: true),
    ])
    for layer in layers.prefix(limit) {
      table.add([
        layer.name.escapedWhole, layer.kind.rawValue, layer.placeText, layer.timeMs.millisecondsText,
      ])
    }
    return "\nlayers of TensorRT's own, or that match nothing\n" + table.text(style)
      + more(layers.count, limit)
  }

  private func unclaimed(_ limit: Int) -> String {
    let nodes = report.unclaimedNodes
    guard !nodes.isEmpty else { return "" }
    var table = TextTable([
      .init("node", isFlexible: true), .init("operator"), .init("part", isFlexible: true),
      .init("MACs", isNumber: true),
    ])
    for node in nodes.prefix(limit) {
      table.add([node.name.escapedWhole, node.op, node.place.escapedWhole, node.macs.short])
    }
    return "\nnodes that no layer names\n" + table.text(style) + more(nodes.count, limit)
  }

  private var layers: String {
    var table = TextTable([
      .init("layer", isFlexible: true), .init("kind"), .init("type", isFlexible: true),
      .init("operators", isFlexible: true), .init("part", isFlexible: true), .init("ms", isNumber: true),
      .init("share", isNumber: true),
    ])
    for layer in report.layers {
      table.add([
        layer.name.escapedWhole, layer.kind.rawValue, (layer.type ?? "-").escapedWhole,
        layer.kind == .node ? layer.ops.joined(separator: "+") : "-", layer.placeText,
        layer.timeMs.millisecondsText, layer.share.percentText,
      ])
    }
    return table.text(style)
  }

  private func more(_ count: Int, _ limit: Int) -> String {
    count > limit ? "and \(count - limit) more, which --per-layer and --format json show\n" : ""
  }
}

extension ProfileReport.Part {
  /// What stands between two rules of a table: a stage of blocks, or a part outside of them.
  fileprivate var group: String {
    switch kind {
    case .block: String(name.prefix { $0 != "." })
    case .outside: name
    case .op: "op"
    case .scale, .shared: "scale"
    case .inserted, .unmatched: "none"
    }
  }
}
