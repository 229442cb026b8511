public import FileIO
public import Profiling

/// What each part of a network took: a bar for each, in which the scales of its blocks, what they share and TensorRT's own
/// layers have colours, and a mark where the bar would end if time went by multiply-accumulates.
public struct ProfileChart {
  private static let margin = 20.0
  private static let barWidth = 460.0
  private static let rowHeight = 19.0
  private static let barHeight = 13.0

  private let report: ProfileReport
  private let total: Double

  /// Fails if there are no times.
  public init(_ report: ProfileReport) throws(ScaleNetError) {
    guard let total = report.timeMs, total > 0 else { throw .noTimes(path: report.layersPath) }
    self.report = report
    self.total = total
  }

  /// The chart as a picture.
  public var drawing: Drawing {
    let names = report.parts.map { TextMetrics.fitted($0.name.escapedForMessage, to: 150, size: 11) }
    let left = Self.margin + (names.map { TextMetrics.width($0, size: 11) }.max() ?? 0) + 8
    let width = left + Self.barWidth + 130 + Self.margin
    let top = Self.margin + 84
    // The longest bar or mark takes the whole width.
    let longest = report.parts.map { max($0.share ?? 0, $0.macsShare) }.max() ?? 1
    var drawing = Drawing(
      width: width, height: top + Double(report.parts.count) * Self.rowHeight + Self.margin,
      summary: "\(report.headline): time of \(report.parts.count) parts")
    header(&drawing, width)
    var y = top
    for (part, name) in zip(report.parts, names) {
      drawing.text(name, left - 8, y + 11, size: 11, anchor: .end)
      var x = left
      for (milliseconds, color) in pieces(of: part) {
        let length = milliseconds / total / longest * Self.barWidth
        drawing.rectangle(x, y + 1, length, Self.barHeight, fill: color)
        x += length
      }
      drawing.rectangle(left, y + 1, x - left, Self.barHeight, stroke: .ink)
      if part.macs > 0 {
        mark(&drawing, left + part.macsShare / longest * Self.barWidth, y + 1)
      }
      drawing.text(
        "\((part.timeMs ?? 0).milliseconds) ms, \((part.share ?? 0).percent)", left + Self.barWidth + 130,
        y + 11,
        size: 11, anchor: .end, .muted)
      y += Self.rowHeight
    }
    return drawing
  }

  private func header(_ drawing: inout Drawing, _ width: Double) {
    let room = width - 2 * Self.margin
    let title = TextMetrics.fitted(report.title, to: room, size: 16, isBold: true)
    drawing.text(title, Self.margin, Self.margin + 12, size: 16, isBold: true)
    drawing.text(
      TextMetrics.fitted("\(report.timeText); \(report.model.escapedForMessage)", to: room, size: 12),
      Self.margin, Self.margin + 32,
      size: 12,
      .muted)
    var x = Self.margin
    func entry(_ label: String, _ color: Color) {
      drawing.rectangle(x, Self.margin + 46, 14, 14, fill: color, stroke: .ink)
      drawing.text(label, x + 20, Self.margin + 57, size: 12)
      x += 20 + TextMetrics.width(label, size: 12) + 18
    }
    let hasScales = report.parts.contains { !$0.scaleMs.isEmpty }
    if hasScales {
      for (index, scale) in ShareBar.scales.enumerated() { entry("scale \(scale)", Color.scales[index]) }
    }
    entry(hasScales ? "shared" : "network", .rule)
    entry("TensorRT's own", .family2)
    mark(&drawing, x + 6, Self.margin + 57)
    drawing.text("share of MACs", x + 16, Self.margin + 57, size: 12)
  }

  /// A point that stands on a bar.
  private func mark(_ drawing: inout Drawing, _ x: Double, _ y: Double) {
    drawing.triangle(.init(x: x - 4, y: y - 6), .init(x: x + 4, y: y - 6), .init(x: x, y: y), .ink)
  }

  /// The pieces of a part's bar, in milliseconds.
  private func pieces(of part: ProfileReport.Part) -> [(Double, Color)] {
    var pieces: [(Double, Color)] = zip(part.scaleMs, Color.scales).map { ($0, $1) }
    let inserted = part.insertedMs ?? 0
    let rest = max(0, (part.timeMs ?? 0) - inserted - part.scaleMs.reduce(0, +))
    pieces.append((rest, .rule))
    pieces.append((inserted, .family2))
    return pieces.filter { $0.0 > 0 }
  }
}
