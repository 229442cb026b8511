import Testing

@testable import Reports

/// Painted shapes beside what geometry says they cover.
@Suite struct CanvasTests {
  /// How dark the pixel is, from 0 for paper to 1 for ink.
  private func darkness(_ canvas: Canvas, _ x: Int, _ y: Int) -> Double {
    let (paper, ink) = (Double(Color.paper.light & 0xFF), Double(Color.ink.light & 0xFF))
    return (paper - Double(canvas.pixels[3 * (y * canvas.width + x) + 2])) / (paper - ink)
  }

  /// The covered area in pixels.
  private func area(_ canvas: Canvas) -> Double {
    (0..<canvas.height).flatMap { y in (0..<canvas.width).map { x in darkness(canvas, x, y) } }.reduce(0, +)
  }

  private func canvas(width: Int = 64, height: Int = 48, scale: Double = 1, _ shapes: [Drawing.Shape])
    -> Canvas
  {
    var canvas = Canvas(width: width, height: height, scale: scale, background: .paper)
    for shape in shapes { canvas.draw(shape) }
    return canvas
  }

  /// Pixels have 256 levels.
  private static let level = 1.0 / 200

  @Test func aRectangleCoversPartsOfPixels() {
    let painted = canvas([.rectangle(x: 10.25, y: 5.5, width: 3.5, height: 2, fill: .ink, stroke: nil)])
    #expect(abs(darkness(painted, 10, 5) - 0.75 * 0.5) < Self.level)
    #expect(abs(darkness(painted, 11, 5) - 0.5) < Self.level)
    #expect(abs(darkness(painted, 12, 6) - 1) < Self.level)
    #expect(abs(darkness(painted, 13, 6) - 0.75) < Self.level)
    #expect(abs(darkness(painted, 13, 7) - 0.75 * 0.5) < Self.level)
    #expect(darkness(painted, 9, 6) == 0 && darkness(painted, 14, 6) == 0 && darkness(painted, 12, 8) == 0)
  }

  @Test func areasAreThoseOfGeometry() {
    let triangle = canvas([
      .triangle(.init(x: 3.3, y: 40.1), .init(x: 60.7, y: 44.2), .init(x: 20.9, y: 2.6), .ink)
    ])
    #expect(abs(area(triangle) - abs((60.7 - 3.3) * (2.6 - 40.1) - (20.9 - 3.3) * (44.2 - 40.1)) / 2) < 1)
    let line = canvas([.line([.init(x: 5, y: 7), .init(x: 45, y: 37)], .ink, width: 3)])
    #expect(abs(area(line) - 50 * 3) < 1)
    let circle = canvas([.circle(.init(x: 30.2, y: 22.4), radius: 17.5, fill: .ink, stroke: .ink)])
    #expect(abs(area(circle) - .pi * 18 * 18) < 0.005 * .pi * 18 * 18)
    let outline = canvas([.rectangle(x: 4, y: 4, width: 40, height: 30, fill: nil, stroke: .ink)])
    #expect(abs(area(outline) - 2 * (40 + 30)) < 1)
  }

  /// Twice the scale is four times the area, and what lies outside is cut off.
  @Test func scalesAndClips() {
    let shape = Drawing.Shape.rectangle(x: -5, y: -5, width: 25, height: 15, fill: .ink, stroke: nil)
    #expect(abs(area(canvas(scale: 1, [shape])) - 20 * 10) < 1)
    #expect(abs(area(canvas(scale: 2, [shape])) - 4 * 20 * 10) < 4)
  }

  /// Each letter has its own lines, stays within its width, and there are no letters that look like another.
  @Test func everyCharacterIsDrawn() {
    var seen: [[UInt8]: Unicode.Scalar] = [:]
    for value in UInt32(0x21)...0x7E {
      let scalar = Unicode.Scalar(value)!
      let width = StrokeFont.width(String(scalar), size: 20, isBold: false)
      #expect(abs(width - TextMetrics.width(String(scalar), size: 20)) < 1e-9)
      let painted = canvas(
        [.text(String(scalar), at: .init(x: 20, y: 30), size: 20, anchor: .start, .ink, isBold: false)])
      #expect(area(painted) > 1)
      for y in 0..<painted.height {
        for x in 0..<painted.width where darkness(painted, x, y) > 0 {
          #expect(x >= 20 && Double(x) < 20 + width && y > 8 && y < 38, "\(scalar)")
        }
      }
      #expect(seen.updateValue(scalar, forKey: painted.pixels) == nil, "\(scalar)")
    }
    let unknown = canvas([
      .text("\u{6F22}", at: .init(x: 20, y: 30), size: 20, anchor: .start, .ink, isBold: false)
    ])
    #expect(area(unknown) > 1 && seen[unknown.pixels] == nil)
    let accented = canvas([
      .text("\u{E9}", at: .init(x: 20, y: 30), size: 20, anchor: .start, .ink, isBold: false)
    ])
    #expect(area(accented) > 1 && seen[accented.pixels] == nil)
  }
}
