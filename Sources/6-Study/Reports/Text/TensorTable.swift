import FileIO
import Inspection

/// A report of tensors for a terminal: the tree of modules, or a row for each tensor.
struct TensorTable {
  private let report: TensorReport
  private let style: Style
  /// A tree of more rows is not shown deeper.
  private static let mostRows = 60

  init(_ report: TensorReport, _ style: Style) {
    self.report = report
    self.style = style
  }

  func text(isPerTensor: Bool) -> String {
    header + "\n" + (isPerTensor ? tensors : modules) + "\n" + totals
  }

  private var header: String {
    var text = style.bold(report.architecture.escapedWhole.fitted(to: style.width)) + "\n"
    if let reason = report.reason {
      text += reason.wrapped(to: style.width).map { $0 + "\n" }.joined()
    }
    text += "\(report.format.escapedWhole), \(Self.count(report.tensors.count, "tensor"))\n"
    text += report.path.escapedWhole.fitted(to: style.width) + "\n"
    for (key, value) in report.facts.sorted(by: { $0.key < $1.key }).prefix(12) {
      text += "\(key.escapedWhole): \(value.escapedWhole)".fitted(to: style.width) + "\n"
    }
    if let graph = report.graph { text += "\n" + graph.lines(style) }
    if report.facts.count > 12 { text += "and \(report.facts.count - 12) more beside the tensors\n" }
    return text
  }

  private var modules: String {
    let parts = report.modules.dropFirst()
    guard !parts.isEmpty else { return tensors }
    // As deep as fits, but at least one level.
    let deepest = parts.map(\.depth).max() ?? 1
    var depth = 1
    while depth < deepest, parts.count(where: { $0.depth <= depth + 1 }) <= Self.mostRows { depth += 1 }
    var table = TextTable([
      .init("module", isFlexible: true), .init("tensors", isNumber: true), .init("params", isNumber: true),
      .init("buffers", isNumber: true), .init("bytes", isNumber: true),
    ])
    for module in parts where module.depth <= depth {
      let last =
        module.name.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) ?? ""
      table.add([
        String(repeating: "  ", count: module.depth - 1) + last.escapedWhole, "\(module.tensors)",
        module.parameters.short, module.buffers.short, module.bytes.byteText,
      ])
    }
    let more =
      depth < deepest ? "modules down to level \(depth) of \(deepest); --per-tensor lists all tensors\n" : ""
    return table.text(style) + style.faint(more)
  }

  private var tensors: String {
    let hasStatistics = report.tensors.contains { $0.statistics != nil }
    var columns: [TextTable.Column] = [
      .init("tensor", isFlexible: true), .init("type"), .init("shape"), .init("bytes", isNumber: true),
    ]
    if hasStatistics {
      columns += ["minimum", "maximum", "mean", "not finite"].map { .init($0, isNumber: true) }
    }
    var table = TextTable(columns)
    for tensor in report.tensors {
      var row = [tensor.name.escapedWhole, tensor.type, tensor.shape.shapeText, tensor.bytes.byteText]
      if hasStatistics {
        row += [tensor.statistics?.minimum, tensor.statistics?.maximum, tensor.statistics?.mean].map {
          $0.map(\.significant) ?? "-"
        }
        row.append(tensor.statistics.map { "\($0.notFinite)" } ?? "-")
      }
      table.add(row)
    }
    return table.text(style)
  }

  private var totals: String {
    let totals = report.totals
    let rows = [
      ("tensors", totals.tensors.grouped), ("parameters", totals.parameters.grouped),
      ("buffers", totals.buffers.grouped), ("bytes", totals.bytes.byteText),
    ]
    let width = rows.map { $0.1.columns }.max() ?? 0
    return rows.map { $0.0.padded(to: 10) + "  " + $0.1.padded(to: width, isRight: true) + "\n" }.joined()
  }

  private static func count(_ count: Int, _ word: String) -> String {
    count == 1 ? "1 \(word)" : "\(count.grouped) \(word)s"
  }
}

extension Double {
  /// Four significant digits, with an exponent where it is far from 1; whole numbers as they are.
  fileprivate var significant: String {
    if self == rounded(), magnitude < 1_000_000 { return fixed(0) }
    switch magnitude {
    case 0.001..<0.01: return fixed(6)
    case 0.01..<0.1: return fixed(5)
    case 0.1..<1: return fixed(4)
    case 1..<10: return fixed(3)
    case 10..<100: return fixed(2)
    case 100..<10_000: return fixed(1)
    default: return scientific
    }
  }
}
