import FileIO
import Inspection

/// Reports as Markdown tables (GitHub's dialect). Numbers are exact; what names could mean to Markdown is escaped.
struct MarkdownReport {
  private let reports: [InspectionReport]

  init(_ reports: [InspectionReport]) {
    self.reports = reports
  }

  func text(isPerLayer: Bool) -> String {
    var sections = reports.count == 1 ? [summary(reports[0])] : [comparison]
    if reports.count == 1, !reports[0].blocks.isEmpty { sections.append(blocks(reports[0])) }
    if isPerLayer { sections += reports.map(layers) }
    return sections.joined(separator: "\n")
  }

  private func summary(_ report: InspectionReport) -> String {
    "## \(Self.name(report.title))\n\n"
      + "\(Self.name(report.path)): \(Self.name(report.format)), \(report.classesText), "
      + "input \(Self.name(report.input.name)) \(report.input.shape.shapeText)\n\n"
      + report.imageRows.map { "\(Self.name($0.name)): \(Self.name($0.text))\n\n" }.joined()
      + Self.table(
        ["quantity", ">value", "remark"],
        report.totalRows.map { [$0.name, $0.value, Self.name($0.remark)] })
  }

  private var comparison: String {
    Self.table(
      [
        "model", "file", "input", ">parameters", ">MACs", ">FLOPs", ">weights", ">peak activations",
        ">FLOPs per byte",
      ],
      reports.map { report in
        let totals = report.totals
        return [
          Self.name(report.title), Self.name(report.fileName), report.input.shape.shapeText,
          totals.parameters.grouped, totals.macs.grouped, totals.flops.grouped, totals.weightBytes.byteText,
          totals.peakActivationBytes.byteText, totals.arithmeticIntensity.fixed(1),
        ]
      })
  }

  private func blocks(_ report: InspectionReport) -> String {
    if report.hasScalesOnly {
      return Self.table(
        ["block", ">stage", ">size", ">1", ">2", ">4", ">7", "kernels", "resize", ">parameters", ">MACs"],
        report.blocks.map { block in
          [Self.name(block.name), "\(block.stage)", block.sizeText]
            + block.channels.map { $0 == 0 ? "-" : "\($0)" }
            + [
              block.kernelSizes.map { $0 == 0 ? "-" : "\($0)" }.joined(separator: " "),
              block.resizeTexts.joined(separator: " "),
              block.parameters.grouped, block.macs.grouped,
            ]
        })
    }
    return Self.table(
      [
        "block", "kind", ">stage", ">size", ">width", ">output", ">kernel", ">groups", ">squeeze",
        ">parameters",
        ">MACs",
      ],
      report.blocks.map { block in
        [
          Self.name(block.name), block.kindText, "\(block.stage)", block.sizeText,
          block.channels.filter { $0 > 0 }.map(String.init).joined(separator: " + "),
          "\(block.outputChannels)",
          "\(block.kernelSizes.max() ?? 0)", "\(block.groups)", block.squeezeText, block.parameters.grouped,
          block.macs.grouped,
        ]
      })
  }

  private func layers(_ report: InspectionReport) -> String {
    let title = reports.count == 1 ? "" : "## \(Self.name(report.title))\n\n"
    return title
      + Self.table(
        ["layer", "op", "inputs", "output", ">parameters", ">MACs"],
        report.layers.map { layer in
          [
            Self.name(layer.name), layer.op, layer.inputShapes.map(\.shapeText).joined(separator: ", "),
            layer.outputShape.shapeText, layer.parameters.grouped, layer.macs.grouped,
          ]
        })
  }

  /// Titles that begin with `>` stand over numbers.
  static func table(_ titles: [String], _ rows: [[String]]) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let header = titles.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    return line(header) + line(titles.map { $0.hasPrefix(">") ? "---:" : "---" }) + rows.map(line).joined()
  }

  private static func name(_ text: String) -> String { escaped(text.escapedForMessage) }

  /// A text of one line, of which nothing means anything to Markdown.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      case _ where character.isASCII && "\\`*_{}[]()>#+-!|~@:".contains(character): result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }
}
