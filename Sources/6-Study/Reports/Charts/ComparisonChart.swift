public import FileIO
public import Inspection

/// Several models by their MACs and their parameters: a point each in the colour of its family, with its name beside it.
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
      summary: "MACs and parameters of \(reports.count) models of \(families.joined(separator: ", "))")
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
    for (point, report) in zip(points, reports) {
      drawing.circle(point, radius: Self.radius, fill: color(of: report), stroke: .paper)
    }
    legend(&drawing)
    return drawing
  }

  /// The families, in the order in which they appear.
  private var families: [String] {
    reports.map(\.familyName).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// More families than there are colours share the last.
  private func color(of report: InspectionReport) -> Color {
    let index = families.firstIndex(of: report.familyName) ?? 0
    return Color.families[min(index, Color.families.count - 1)]
  }

  /// What the colours mean, at the right of the title; nothing for one family.
  private func legend(_ drawing: inout Drawing) {
    guard families.count > 1 else { return }
    let shown = families.prefix(Color.families.count).map {
      TextMetrics.fitted($0, to: 110, size: Self.labelSize)
    }
    var names = shown
    if families.count > names.count { names[names.count - 1] = "others" }
    // From the right, in as many rows as it takes.
    let right = Self.plot.x + Self.plot.width
    let widths = names.map { TextMetrics.width($0, size: Self.labelSize) + 28 }
    var rows: [[Int]] = [[]]
    var taken = 0.0
    for (index, width) in widths.enumerated() {
      if taken + width > Self.plot.width - 190, !rows[rows.count - 1].isEmpty {
        rows.append([])
        taken = 0
      }
      rows[rows.count - 1].append(index)
      taken += width
    }
    for (number, row) in rows.enumerated() {
      var x = right - row.reduce(0) { $0 + widths[$1] } + 12
      let y = 24 + 17 * Double(number)
      for index in row {
        drawing.circle(
          .init(x: x + 5, y: y), radius: Self.radius, fill: Color.families[index], stroke: .paper)
        drawing.text(names[index], x + 14, y + 4, size: Self.labelSize)
        x += widths[index]
      }
    }
  }

  private func labels(_ points: [Drawing.Point], _ drawing: inout Drawing) {
    var placer = LabelPlacer(
      frame: Self.plot,
      obstacles: points.map {
        .init(
          x: $0.x - Self.radius, y: $0.y - Self.radius, width: 2 * Self.radius, height: 2 * Self.radius)
      })
    let height = Self.labelSize + 4
    let boxes = zip(points, names).map { point, name in
      placer.place(width: TextMetrics.width(name, size: Self.labelSize), height: height, near: point)
    }
    // Where the nearest place of a box is away from its point, a line leads to it; all lines lie under all labels.
    for (point, box) in zip(points, boxes) {
      let near = Drawing.Point(
        x: min(max(point.x, box.x), box.x + box.width), y: min(max(point.y, box.y), box.y + box.height))
      if max(abs(near.x - point.x), abs(near.y - point.y)) > 10 { drawing.line([point, near], .muted) }
    }
    for (box, name) in zip(boxes, names) {
      drawing.rectangle(box.x - 1, box.y, box.width + 2, box.height, fill: .paper)
      drawing.text(name, box.x, box.y + height - 4, size: Self.labelSize)
    }
  }

  private var names: [String] {
    reports.labels.map { TextMetrics.fitted($0, to: 220, size: Self.labelSize) }
  }
}
