/// A picture as shapes, from which an SVG and a PNG are made alike. Lengths are in pixels at normal size.
public struct Drawing: Sendable {
  /// A place; y grows downwards.
  struct Point: Sendable, Hashable {
    var x: Double
    var y: Double
  }

  /// Which point of a text its position is.
  enum Anchor: Sendable { case start, middle, end }

  enum Shape: Sendable {
    case rectangle(x: Double, y: Double, width: Double, height: Double, fill: Color?, stroke: Color?)
    case line([Point], Color, width: Double)
    case triangle(Point, Point, Point, Color)
    case circle(Point, radius: Double, fill: Color, stroke: Color)
    /// `at` lies on the base line.
    case text(String, at: Point, size: Double, anchor: Anchor, Color, isBold: Bool)
  }

  /// Columns of the picture, in pixels.
  public let width: Double
  /// Rows of the picture, in pixels.
  public let height: Double
  /// What the picture shows, for readers who do not see it.
  public let summary: String
  private(set) var shapes: [Shape] = []

  init(width: Double, height: Double, summary: String) {
    self.width = width
    self.height = height
    self.summary = summary
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: Color? = nil, stroke: Color? = nil
  ) {
    shapes.append(.rectangle(x: x, y: y, width: width, height: height, fill: fill, stroke: stroke))
  }

  mutating func line(_ points: [Point], _ color: Color, width: Double = 1) {
    shapes.append(.line(points, color, width: width))
  }

  mutating func triangle(_ a: Point, _ b: Point, _ c: Point, _ color: Color) {
    shapes.append(.triangle(a, b, c, color))
  }

  mutating func circle(_ center: Point, radius: Double, fill: Color, stroke: Color) {
    shapes.append(.circle(center, radius: radius, fill: fill, stroke: stroke))
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 12, anchor: Anchor = .start,
    _ color: Color = .ink,
    isBold: Bool = false
  ) {
    shapes.append(.text(text, at: Point(x: x, y: y), size: size, anchor: anchor, color, isBold: isBold))
  }
}
