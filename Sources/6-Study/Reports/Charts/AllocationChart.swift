public import FileIO
public import Inspection

/// How each block's channels are spread over the scales: a row a block, grouped by stage, with a bar that is divided
/// in proportion. A count stands in its part of the bar, or, where that is too narrow, behind the bar.
public struct AllocationChart {
  private static let margin = 20.0
  private static let barWidth = 480.0
  private static let rowHeight = 17.0
  private static let barHeight = 14.0
  private static let stageHeight = 24.0
  private static let countSize = 10.0

  private let report: InspectionReport

  /// Fails if the network has no blocks.
  public init(_ report: InspectionReport) throws(ScaleNetError) {
    guard !report.blocks.isEmpty else { throw .noBlocks(path: report.path) }
    self.report = report
  }

  /// The chart as a picture.
  public var drawing: Drawing {
    let stages = report.blocks.map(\.stage).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
    let names = report.blocks.map { TextMetrics.fitted($0.name.escapedForMessage, to: 120, size: 11) }
    let nameWidth = names.map { TextMetrics.width($0, size: 11) }.max() ?? 0
    let barLeft = Self.margin + nameWidth + 8
    let behind = report.blocks.map { narrowWidth($0) }.max() ?? 0
    let total = barLeft + Self.barWidth + 8 + behind
    let totalWidth = 62.0
    let width = total + totalWidth + Self.margin
    let top = Self.margin + 78
    let height =
      top + Double(report.blocks.count) * Self.rowHeight + Double(stages.count) * Self.stageHeight
      + Self.margin

    var drawing = Drawing(width: width, height: height, summary: summary)
    header(&drawing, width: width, totalRight: total + totalWidth)
    var y = top
    var stage: Int?
    for (block, name) in zip(report.blocks, names) {
      if block.stage != stage {
        stage = block.stage
        y += Self.stageHeight
        drawing.line(
          [.init(x: Self.margin, y: y - 19), .init(x: width - Self.margin, y: y - 19)], .rule)
        let size = block.featureSize.map(String.init).joined(separator: " x ")
        drawing.text("Stage \(block.stage): \(size)", Self.margin, y - 6, size: 11, isBold: true)
      }
      drawing.text(name, barLeft - 8, y + 11, size: 11, anchor: .end)
      bar(of: block, &drawing, x: barLeft, y: y + 0.5)
      drawing.text(
        "\(block.channels.reduce(0, +))", total + totalWidth, y + 11, size: 11, anchor: .end, .muted)
      y += Self.rowHeight
    }
    return drawing
  }

  private var summary: String {
    "\(report.title): channels of each scale in \(report.blocks.count) blocks"
  }

  private func header(_ drawing: inout Drawing, width: Double, totalRight: Double) {
    let room = width - 2 * Self.margin
    let title = TextMetrics.fitted(report.title, to: room, size: 16, isBold: true)
    drawing.text(title, Self.margin, Self.margin + 12, size: 16, isBold: true)
    let input = report.input.shape.dropFirst().map(String.init).joined(separator: " x ")
    let line =
      "channels of each scale; \(report.totals.parameters.short) parameters, \(report.totals.macs.short) MACs for \(input)"
    drawing.text(
      TextMetrics.fitted(line, to: room, size: 12), Self.margin, Self.margin + 32, size: 12, .muted)
    var x = Self.margin
    for (index, scale) in ShareBar.scales.enumerated()
    where report.blocks.contains(where: { $0.channels[index] > 0 }) {
      let label = scale == 1 ? "scale 1" : "scale \(scale): \(scale)x\(scale) pool"
      drawing.rectangle(x, Self.margin + 46, 14, 14, fill: Color.scales[index], stroke: .ink)
      drawing.text(label, x + 20, Self.margin + 57, size: 12)
      x += 20 + TextMetrics.width(label, size: 12) + 20
    }
    drawing.text("channels", totalRight, Self.margin + 57, size: 12, anchor: .end, .muted)
  }

  /// The parts of a block's bar: scale, channels and width.
  private func parts(_ block: BlockReport) -> [(scale: Int, count: Int, width: Double, isNarrow: Bool)] {
    let total = block.channels.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return [] }
    return block.channels.enumerated().filter { $0.element > 0 }.map { scale, count in
      let width = Double(count) / total * Self.barWidth
      return (scale, count, width, TextMetrics.width("\(count)", size: Self.countSize) + 4 > width)
    }
  }

  /// What the counts behind a block's bar take.
  private func narrowWidth(_ block: BlockReport) -> Double {
    parts(block).filter(\.isNarrow).reduce(0) {
      $0 + 20 + TextMetrics.width("\($1.count)", size: Self.countSize)
    }
  }

  private func bar(of block: BlockReport, _ drawing: inout Drawing, x: Double, y: Double) {
    var left = x
    var behind = x + Self.barWidth + 8
    for part in parts(block) {
      drawing.rectangle(
        left, y, part.width, Self.barHeight, fill: Color.scales[part.scale],
        stroke: part.isNarrow ? nil : .paper)
      if part.isNarrow {
        drawing.rectangle(behind, y + 3, 8, 8, fill: Color.scales[part.scale], stroke: .ink)
        drawing.text("\(part.count)", behind + 12, y + 11, size: Self.countSize)
        behind += 20 + TextMetrics.width("\(part.count)", size: Self.countSize)
      } else {
        drawing.text(
          "\(part.count)", left + part.width / 2, y + 11, size: Self.countSize, anchor: .middle,
          Color.onScales[part.scale])
      }
      left += part.width
    }
    drawing.rectangle(x, y, Self.barWidth, Self.barHeight, stroke: .ink)
  }
}
