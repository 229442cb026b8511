import Comparison
import FileIO
import Glibc

/// Where in a tensor the errors lie: a cell's colour is its largest error, by decades from 1e-8 to 1 of the largest
/// magnitude, and of an image a strip of its channels below.
struct HeatMap {
  private static let margin = 20.0
  private static let top = 56.0
  private static let width = 380.0
  /// From small errors to large ones; the first is none.
  private static let colors: [Color] = [.panel, .scale1, .scale2, .accent, .scale4, .scale7]
  /// The error at which each colour but the first begins.
  private static let steps = [0.0, 1e-7, 1e-5, 1e-3, 1e-1]

  private let map: ErrorMap

  init(_ map: ErrorMap) {
    self.map = map
  }

  var drawing: Drawing {
    let cell = min(24, (Self.width - 2 * Self.margin) / Double(map.columns))
    let height = max(min(cell, 24), 2)
    let strip = map.channels.isEmpty ? 0.0 : 46
    let bottom = Self.top + Double(map.rows) * height
    let name = map.name.escapedForMessage
    var drawing = Drawing(
      width: Self.width, height: bottom + strip + 56,
      summary: "where \(name) differs, by \(map.axes)")
    let room = Self.width - 2 * Self.margin
    drawing.text(
      TextMetrics.fitted(name, to: room, size: 13, isBold: true), Self.margin, 26, size: 13, isBold: true)
    drawing.text(
      TextMetrics.fitted(
        "\(map.shape.map(String.init).joined(separator: " x ")): \(map.axes)", to: room, size: 11),
      Self.margin, 44, size: 11, .muted)
    for row in 0..<map.rows {
      for column in 0..<map.columns {
        drawing.rectangle(
          Self.margin + Double(column) * cell, Self.top + Double(row) * height, cell, height,
          fill: Self.color(map.cells[row * map.columns + column]))
      }
    }
    if !map.channels.isEmpty {
      drawing.text("channels", Self.margin, bottom + 18, size: 11, .muted)
      let width = room / Double(map.channels.count)
      for (index, error) in map.channels.enumerated() {
        drawing.rectangle(
          Self.margin + Double(index) * width, bottom + 24, width, 14, fill: Self.color(error))
      }
    }
    legend(bottom + strip + 26, &drawing)
    return drawing
  }

  private func legend(_ y: Double, _ drawing: inout Drawing) {
    var x = Self.margin
    for (color, text) in zip(Self.colors, ["none", "< 1e-7", "< 1e-5", "< 1e-3", "< 0.1", "more"]) {
      drawing.rectangle(x, y, 12, 12, fill: color, stroke: .muted)
      drawing.text(text, x + 16, y + 10, size: 10, .muted)
      x += 22 + TextMetrics.width(text, size: 10) + 8
    }
  }

  private static func color(_ error: Double) -> Color {
    guard error > 0 else { return colors[0] }
    return colors[1 + (steps.lastIndex { error >= $0 } ?? 0)]
  }
}
