public import FileIO
public import Inspection

/// Several models by their MACs and their parameters: a point each, with its name beside it.
public struct ComparisonChart {
  private static let plot = LabelPlacer.Box(x: 76, y: 64, width: 600, height: 380)
  private static let radius = 5.0
  private static let labelSize = 11.0

  private let reports: [InspectionReport]

  /// Fails if there are no models.
  public init(_ reports: [InspectionReport]) throws(ScaleNetError) {
    guard !reports.isEmpty else { throw .noModels }
    self.reports = reports
  }

  /// The chart as a picture.
  public var drawing: Drawing {
    let plot = Self.plot
    let horizontal = Axis(reports.map(\.totals.macs))
    let vertical = Axis(reports.map(\.totals.parameters))
    var drawing = Drawing(
      width: plot.x + plot.width + 24, height: plot.y + plot.height + 56,
      summary: "MACs and parameters of \(reports.count) models")
    drawing.text("MACs and parameters", 20, 32, size: 16, isBold: true)
    drawing.text("parameters\(vertical.unitText)", 20, 53, size: 12, .muted)
    for tick in vertical.ticks {
      let y = plot.y + plot.height * (1 - tick / vertical.end)
      drawing.line([.init(x: plot.x, y: y), .init(x: plot.x + plot.width, y: y)], .grid)
      drawing.text(Axis.label(tick), plot.x - 8, y + 4, size: 11, anchor: .end)
    }
    for tick in horizontal.ticks {
      let x = plot.x + plot.width * tick / horizontal.end
      drawing.line([.init(x: x, y: plot.y), .init(x: x, y: plot.y + plot.height)], .grid)
      drawing.text(Axis.label(tick), x, plot.y + plot.height + 18, size: 11, anchor: .middle)
    }
    drawing.line(
      [
        .init(x: plot.x, y: plot.y), .init(x: plot.x, y: plot.y + plot.height),
        .init(x: plot.x + plot.width, y: plot.y + plot.height),
      ], .ink)
    drawing.text(
      "MACs\(horizontal.unitText)", plot.x + plot.width, plot.y + plot.height + 40, size: 12, anchor: .end,
      .muted)
    let points = reports.map { report in
      Drawing.Point(
        x: plot.x + plot.width * horizontal.share(report.totals.macs),
        y: plot.y + plot.height * (1 - vertical.share(report.totals.parameters)))
    }
    labels(points, &drawing)
    for point in points { drawing.circle(point, radius: Self.radius, fill: .scale2, stroke: .paper) }
    return drawing
  }

  private func labels(_ points: [Drawing.Point], _ drawing: inout Drawing) {
    var placer = LabelPlacer(
      frame: Self.plot,
      obstacles: points.map {
        .init(
          x: $0.x - Self.radius, y: $0.y - Self.radius, width: 2 * Self.radius, height: 2 * Self.radius)
      })
    let height = Self.labelSize + 4
    for (point, name) in zip(points, names) {
      let width = TextMetrics.width(name, size: Self.labelSize)
      let box = placer.place(width: width, height: height, near: point)
      // The nearest place of the box; where that is away from the point, a line leads to it.
      let near = Drawing.Point(
        x: min(max(point.x, box.x), box.x + box.width), y: min(max(point.y, box.y), box.y + box.height))
      if max(abs(near.x - point.x), abs(near.y - point.y)) > 10 { drawing.line([point, near], .muted) }
      drawing.rectangle(box.x - 1, box.y, box.width + 2, box.height, fill: .paper)
      drawing.text(name, box.x, box.y + height - 4, size: Self.labelSize)
    }
  }

  private var names: [String] {
    reports.labels.map { TextMetrics.fitted($0, to: 220, size: Self.labelSize) }
  }
}
