public import Comparison
public import FileIO
import Glibc

/// The error of each aligned layer by depth: layers in the order of running, and their largest error as a part of the
/// largest magnitude, on a scale of decades. What is outside the tolerance is a triangle, what is within a dot; the
/// first divergence is named.
public struct DivergenceChart {
  private static let plot = LabelPlacer.Box(x: 76, y: 96, width: 760, height: 340)
  private static let labelSize = 11.0

  private let report: DiffReport
  /// The lowest and the highest decade of the scale; what is below, zero too, lies on the lowest line.
  private let decades: ClosedRange<Int>

  /// Fails if no layers are aligned.
  public init(_ report: DiffReport) throws(ScaleNetError) {
    guard !report.layers.isEmpty else { throw .noLayers(path: report.left.path) }
    self.report = report
    let errors =
      report.layers.compactMap(\.relativeError) + [report.tolerance.shareOfLargest].compactMap { $0 }
    let exponents = errors.filter { $0 > 0 && $0.isFinite }.map { Int(log10($0).rounded(.down)) }
    let lowest = max(-12, min(-8, (exponents.min() ?? -8) - 1))
    decades = lowest...min(9, max(-1, (exponents.max() ?? -1) + 1))
  }

  /// The chart as a picture.
  public var drawing: Drawing {
    let plot = Self.plot
    var drawing = Drawing(
      width: plot.x + plot.width + 24, height: plot.y + plot.height + 52, summary: summary)
    header(&drawing)
    axes(&drawing)
    if let share = report.tolerance.shareOfLargest { tolerance(share, &drawing) }
    let points = report.layers.indices.map { Drawing.Point(x: x($0), y: y(report.layers[$0].relativeError)) }
    if points.count > 1 { drawing.line(points, .rule, width: 1.5) }
    let radius = points.count > 120 ? 2.5 : 4
    let first = report.firstDivergenceIndex
    if let first {
      drawing.line(
        [.init(x: points[first].x, y: plot.y), .init(x: points[first].x, y: plot.y + plot.height)], .accent,
        width: 1.5)
    }
    for (layer, point) in zip(report.layers, points) { mark(layer, point, radius, &drawing) }
    if let first { label(points[first], points, radius, &drawing) }
    return drawing
  }

  private var summary: String {
    let outside = report.layers.count { !$0.isWithinTolerance }
    return "error of \(report.layers.count) layers by depth, \(outside) of them outside the tolerance"
  }

  private func header(_ drawing: inout Drawing) {
    let plot = Self.plot
    let room = plot.x + plot.width - 20
    let names = [report.left, report.right].map { side in
      (side.path.split(separator: "/").last.map(String.init) ?? side.path).escapedForMessage
    }
    let title = "Error by depth: \(names[0]) against \(names[1])"
    drawing.text(TextMetrics.fitted(title, to: room, size: 16, isBold: true), 20, 32, size: 16, isBold: true)
    drawing.text(
      TextMetrics.fitted("largest error as a part of the largest magnitude", to: room, size: 12), 20, 52,
      size: 12,
      .muted)
    var x = 24.0
    let y = 72.0
    for (text, isWithin) in [("within the tolerance", true), ("outside", false)] {
      mark(isWithin: isWithin, .init(x: x, y: y), 4, &drawing)
      drawing.text(text, x + 10, y + 4, size: 12)
      x += 10 + TextMetrics.width(text, size: 12) + 24
    }
  }

  private func axes(_ drawing: inout Drawing) {
    let plot = Self.plot
    for decade in decades {
      let y = y(exponent: Double(decade))
      drawing.line([.init(x: plot.x, y: y), .init(x: plot.x + plot.width, y: y)], .grid)
      let label = decade == decades.lowerBound ? "0" : Self.label(decade)
      drawing.text(label, plot.x - 8, y + 4, size: Self.labelSize, anchor: .end)
    }
    let step = Self.step(report.layers.count)
    for index in stride(from: 0, to: report.layers.count, by: step) {
      let x = x(index)
      drawing.line(
        [.init(x: x, y: plot.y + plot.height), .init(x: x, y: plot.y + plot.height + 4)], .ink)
      drawing.text("\(index)", x, plot.y + plot.height + 18, size: Self.labelSize, anchor: .middle)
    }
    drawing.line(
      [
        .init(x: plot.x, y: plot.y), .init(x: plot.x, y: plot.y + plot.height),
        .init(x: plot.x + plot.width, y: plot.y + plot.height),
      ], .ink)
    drawing.text(
      "aligned layers in the order of running", plot.x + plot.width, plot.y + plot.height + 40, size: 12,
      anchor: .end,
      .muted)
  }

  /// `1e-05`, and `1` and `10` as they are.
  private static func label(_ decade: Int) -> String {
    switch decade {
    case 0: "1"
    case 1: "10"
    default: (decade < 0 ? "1e-" : "1e+") + (abs(decade) < 10 ? "0" : "") + "\(abs(decade))"
    }
  }

  /// Between ticks, so that there are at most about twelve.
  private static func step(_ count: Int) -> Int {
    var power = 1
    while true {
      for factor in [1, 2, 5] where count <= 12 * factor * power { return factor * power }
      power *= 10
    }
  }

  private func tolerance(_ share: Double, _ drawing: inout Drawing) {
    let plot = Self.plot
    let y = y(share)
    // Dashes tell it from the grid without colour.
    for start in stride(from: plot.x, to: plot.x + plot.width, by: 10) {
      drawing.line(
        [.init(x: start, y: y), .init(x: min(start + 6, plot.x + plot.width), y: y)], .muted, width: 1.5)
    }
    let text = "tolerance \(report.tolerance.name)"
    let width = TextMetrics.width(text, size: Self.labelSize)
    drawing.rectangle(plot.x + 6, y - 15, width + 4, 13, fill: .paper)
    drawing.text(text, plot.x + 8, y - 5, size: Self.labelSize, .muted)
  }

  private func mark(
    _ layer: DiffReport.Layer, _ point: Drawing.Point, _ radius: Double, _ drawing: inout Drawing
  ) {
    mark(isWithin: layer.isWithinTolerance, point, radius, &drawing)
  }

  private func mark(isWithin: Bool, _ point: Drawing.Point, _ radius: Double, _ drawing: inout Drawing) {
    if isWithin {
      drawing.circle(point, radius: radius, fill: .scale1, stroke: .paper)
      return
    }
    // An outline, by a larger triangle behind.
    for (size, color) in [(radius * 1.9, Color.ink), (radius * 1.25, Color.scale4)] {
      drawing.triangle(
        .init(x: point.x, y: point.y - size), .init(x: point.x - size * 0.9, y: point.y + size * 0.7),
        .init(x: point.x + size * 0.9, y: point.y + size * 0.7), color)
    }
  }

  private func label(
    _ point: Drawing.Point, _ points: [Drawing.Point], _ radius: Double, _ drawing: inout Drawing
  ) {
    guard let first = report.firstDivergence, let name = first.name ?? first.otherName,
      let op = first.op ?? first.otherOp
    else { return }
    let text = TextMetrics.fitted(
      "first divergence: \(name.escapedForMessage) (\(op))", to: 460, size: 12, isBold: true)
    let size = radius * 2
    var placer = LabelPlacer(
      frame: Self.plot,
      obstacles: points.map { .init(x: $0.x - size, y: $0.y - size, width: 2 * size, height: 2 * size) })
    let box = placer.place(width: TextMetrics.width(text, size: 12, isBold: true), height: 18, near: point)
    drawing.rectangle(box.x - 3, box.y, box.width + 6, box.height, fill: .paper, stroke: .accent)
    drawing.text(text, box.x, box.y + 13, size: 12, isBold: true)
  }

  private func x(_ index: Int) -> Double {
    let count = report.layers.count
    // A margin keeps the outermost marks off the frame.
    let share = count > 1 ? Double(index) / Double(count - 1) : 0.5
    return Self.plot.x + 10 + (Self.plot.width - 20) * share
  }

  /// Where an error lies; an infinite one, nil, at the top.
  private func y(_ error: Double?) -> Double {
    guard let error else { return y(exponent: Double(decades.upperBound)) }
    return y(exponent: error > 0 ? log10(error) : Double(decades.lowerBound))
  }

  private func y(exponent: Double) -> Double {
    let (low, high) = (Double(decades.lowerBound), Double(decades.upperBound))
    let share = (min(max(exponent, low), high) - low) / (high - low)
    return Self.plot.y + Self.plot.height * (1 - share)
  }
}
