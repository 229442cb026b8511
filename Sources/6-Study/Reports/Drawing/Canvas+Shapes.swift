#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The shapes of a drawing as contours. All that belongs to what is painted goes round in one direction, so that parts
/// that overlap are no holes.
extension Canvas {
  mutating func draw(_ shape: Drawing.Shape) {
    switch shape {
    case .rectangle(let x, let y, let width, let height, let fill, let stroke):
      let outline = Self.rectangle(x, y, width, height)
      if let fill { self.fill([outline], fill) }
      if let stroke {
        self.fill(
          [
            Self.rectangle(x - 0.5, y - 0.5, width + 1, height + 1),
            Self.rectangle(x + 0.5, y + 0.5, width - 1, height - 1).reversed(),
          ], stroke)
      }
    case .line(let points, let color, let width):
      fill(Self.stroke(points, width: width, hasRoundEnds: false), color)
    case .triangle(let a, let b, let c, let color):
      fill([Self.oriented([a, b, c])], color)
    case .circle(let center, let radius, let fill, let stroke):
      self.fill([Self.circle(center, radius)], fill)
      self.fill(
        [Self.circle(center, radius + 0.5), Self.circle(center, max(0, radius - 0.5)).reversed()], stroke)
    case .text(let text, let at, let size, let anchor, let color, let isBold):
      let part =
        switch anchor {
        case .start: 0.0
        case .middle: 0.5
        case .end: 1.0
        }
      var x = at.x - part * StrokeFont.width(text, size: size, isBold: isBold)
      for scalar in text.unicodeScalars {
        let glyph = StrokeFont.glyph(scalar, size: size, isBold: isBold)
        var contours: [[Drawing.Point]] = []
        for line in glyph.lines {
          let points = line.map { Drawing.Point(x: x + $0.x, y: at.y - $0.y) }
          contours += Self.stroke(points, width: glyph.weight, hasRoundEnds: true)
        }
        fill(contours, color)
        x += glyph.advance
      }
    }
  }

  private static func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double
  ) -> [Drawing.Point] {
    [
      Drawing.Point(x: x, y: y), Drawing.Point(x: x + width, y: y),
      Drawing.Point(x: x + width, y: y + height), Drawing.Point(x: x, y: y + height),
    ]
  }

  /// A polygon whose sides leave the circle by less than a hundredth of a pixel at twice the normal size.
  private static func circle(_ center: Drawing.Point, _ radius: Double) -> [Drawing.Point] {
    let count = max(8, Int((16 * radius.squareRoot()).rounded(.up)))
    return (0..<count).map { index in
      let angle = 2 * Double.pi * Double(index) / Double(count)
      return Drawing.Point(x: center.x + radius * cos(angle), y: center.y + radius * sin(angle))
    }
  }

  /// A line of a width: a rectangle for each part, and a disc at each bend, and at the ends if those are round.
  private static func stroke(
    _ points: [Drawing.Point], width: Double, hasRoundEnds: Bool
  ) -> [[Drawing.Point]] {
    var contours: [[Drawing.Point]] = []
    for (from, to) in zip(points, points.dropFirst()) {
      let (dx, dy) = (to.x - from.x, to.y - from.y)
      let length = (dx * dx + dy * dy).squareRoot()
      guard length > 0 else { continue }
      let (x, y) = (-dy / length * width / 2, dx / length * width / 2)
      contours.append(
        oriented([
          Drawing.Point(x: from.x + x, y: from.y + y), Drawing.Point(x: from.x - x, y: from.y - y),
          Drawing.Point(x: to.x - x, y: to.y - y), Drawing.Point(x: to.x + x, y: to.y + y),
        ]))
    }
    let bends = hasRoundEnds ? points[...] : points.dropFirst().dropLast()
    return contours + bends.map { circle($0, width / 2) }
  }

  /// The polygon in the direction of `rectangle` and `circle`.
  private static func oriented(_ points: [Drawing.Point]) -> [Drawing.Point] {
    var doubleArea = 0.0
    for (index, point) in points.enumerated() {
      let next = points[(index + 1) % points.count]
      doubleArea += point.x * next.y - next.x * point.y
    }
    return doubleArea < 0 ? points.reversed() : points
  }
}
