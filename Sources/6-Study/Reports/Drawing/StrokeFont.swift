/// A font of lines, drawn for the charts: letters are as wide as DejaVu Sans' (`TextMetrics`), so that what was laid out for
/// an SVG fits a PNG too.
enum StrokeFont {
  /// A character as lines of one weight with round ends. Lengths are in pixels; x goes right from the pen's place, y up from
  /// the base line.
  struct Glyph {
    var lines: [[Drawing.Point]]
    var weight: Double
    var advance: Double
  }

  static func width(_ text: String, size: Double, isBold: Bool) -> Double {
    text.unicodeScalars.reduce(0) { $0 + advance($1, size: size, isBold: isBold) }
  }

  static func glyph(_ scalar: Unicode.Scalar, size: Double, isBold: Bool) -> Glyph {
    let advance = advance(scalar, size: size, isBold: isBold)
    let weight = (isBold ? 0.145 : 0.085) * size
    let margin = 0.09 * advance + weight / 2
    let lines = outline(scalar).map { line in
      curve(line).map { point in
        Drawing.Point(
          x: margin + point.x / 8 * (advance - 2 * margin),
          y: baseLine * size + point.y * step * size)
      }
    }
    return Glyph(lines: lines, weight: weight, advance: advance)
  }

  private static func advance(_ scalar: Unicode.Scalar, size: Double, isBold: Bool) -> Double {
    TextMetrics.width(
      String(accented[scalar].map { Character($0.letter) } ?? Character(scalar)), size: size, isBold: isBold)
  }

  /// The height of the lowest lines' middle, in sizes of the font; and that of a row of the grid.
  private static let baseLine = 0.045
  private static let step = 0.057

  /// A place on the grid, and whether the line bends towards it without reaching it.
  private struct Knot {
    var x: Double
    var y: Double
    var isControl: Bool

    func middle(to other: Knot) -> Knot {
      Knot(x: (x + other.x) / 2, y: (y + other.y) / 2, isControl: false)
    }
  }

  private static func outline(_ scalar: Unicode.Scalar) -> [[Knot]] {
    if let (letter, mark) = accented[scalar] {
      let raise = ("A"..."Z").contains(letter) ? 3.0 : 0
      let isOnBaseLine = [",", "/", "|"].contains(mark)
      let marks = knots(StrokeGlyphs.marks[mark] ?? "").map { line in
        line.map { Knot(x: $0.x, y: $0.y + (isOnBaseLine ? 0 : raise), isControl: $0.isControl) }
      }
      // The accent takes the place of the dot.
      return knots(StrokeGlyphs.letters[letter == "i" ? "\u{131}" : letter] ?? "") + marks
    }
    return knots(StrokeGlyphs.letters[scalar] ?? StrokeGlyphs.box)
  }

  private static let accented: [Unicode.Scalar: (letter: Unicode.Scalar, mark: Unicode.Scalar)] = {
    var result: [Unicode.Scalar: (Unicode.Scalar, Unicode.Scalar)] = [:]
    for entry in StrokeGlyphs.accented.split(separator: " ") {
      let scalars = Array(entry.unicodeScalars)
      result[scalars[0]] = (scalars[1], scalars[2])
    }
    return result
  }()

  /// Lines as `StrokeGlyphs` writes them.
  private static func knots(_ text: String) -> [[Knot]] {
    text.split(separator: " ").map { word in
      let isClosed = word.first == "@"
      let bytes = Array(isClosed ? word.dropFirst().utf8 : word.utf8)
      var line = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
        let isControl = bytes[index + 1] < UInt8(ascii: "a")
        return Knot(
          x: Double(bytes[index]) - Double(UInt8(ascii: "0")),
          y: Double(bytes[index + 1] | 0x20) - Double(UInt8(ascii: "e")), isControl: isControl)
      }
      if isClosed, let first = line.first, let last = line.last {
        // A ring of controls begins and ends in the middle between two.
        let seam = last.middle(to: first)
        line = [seam] + line + [seam]
      }
      return line
    }
  }

  /// The line's places, with those on its bends: parabolas, as TrueType has them. Between two controls lies a place of the
  /// line.
  private static func curve(_ knots: [Knot]) -> [Drawing.Point] {
    var points: [Drawing.Point] = []
    for (index, knot) in knots.enumerated() {
      guard knot.isControl, let start = points.last else {
        points.append(Drawing.Point(x: knot.x, y: knot.y))
        continue
      }
      let next = knots[index + 1]
      let end = next.isControl ? knot.middle(to: next) : next
      for part in 1...6 {
        let t = Double(part) / 6
        let (a, b, c) = ((1 - t) * (1 - t), 2 * t * (1 - t), t * t)
        points.append(
          Drawing.Point(x: a * start.x + b * knot.x + c * end.x, y: a * start.y + b * knot.y + c * end.y))
      }
    }
    return points
  }
}
