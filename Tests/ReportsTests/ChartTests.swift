import Comparison
import FileIO
import Inspection
import Testing

@testable import Reports

@Suite struct ChartTests {
  struct Box {
    var text: String
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  /// Where texts stand: capitals are 0.73 of the size high, and what goes below the base line is 0.24.
  private func texts(_ drawing: Drawing) -> [Box] {
    drawing.shapes.compactMap { shape in
      guard case .text(let text, let at, let size, let anchor, _, let isBold) = shape else { return nil }
      let width = TextMetrics.width(text, size: size, isBold: isBold)
      let left = at.x - (anchor == .start ? 0 : anchor == .middle ? width / 2 : width)
      return Box(
        text: text, left: left, top: at.y - 0.73 * size, right: left + width, bottom: at.y + 0.24 * size)
    }
  }

  private func check(_ drawing: Drawing) {
    let boxes = texts(drawing)
    for (index, box) in boxes.enumerated() {
      #expect(
        box.left >= 0 && box.top >= 0 && box.right <= drawing.width && box.bottom <= drawing.height,
        "\(box) leaves the picture")
      for other in boxes[..<index] { #expect(!box.overlaps(other), "\(box) covers \(other)") }
    }
  }

  @Test(arguments: Samples.released + Samples.residual)
  func textsOfAllocationsNeitherOverlapNorLeaveThePicture(name: String) throws {
    check(try AllocationChart(try Samples.report(name)).drawing)
  }

  @Test func hostileNamesStayInThePicture() throws {
    let drawing = try AllocationChart(try Samples.hostile()).drawing
    check(drawing)
    #expect(!drawing.svg.contains("<script"))
    #expect(drawing.svg.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
  }

  @Test func barsAreInProportion() throws {
    let report = try Samples.report("scalenet152")
    var parts: [Int: [Double]] = [:]
    for case .rectangle(_, let y, let width, 14, let fill?, _) in try AllocationChart(report).drawing.shapes
    where y > 90 && Color.scales.contains(fill) {
      parts[Int(y), default: []].append(width)
    }
    let rows = parts.sorted { $0.key < $1.key }.map(\.value)
    #expect(rows.count == 50)
    for (widths, block) in zip(rows, report.blocks) {
      let expected = block.channels.filter { $0 > 0 }.map { Double($0) / 358 * 480 * 358 }
      let total = Double(block.channels.reduce(0, +))
      #expect(zip(widths, expected).allSatisfy { abs($0 - $1 / total) < 1e-9 })
    }
  }

  /// Every count is written, in its bar or behind it.
  @Test func everyCountIsWritten() throws {
    let report = try Samples.report("scalenet101")
    var written: [String: Int] = [:]
    for box in texts(try AllocationChart(report).drawing) { written[box.text, default: 0] += 1 }
    var expected: [String: Int] = [:]
    for block in report.blocks {
      for count in block.channels + [block.channels.reduce(0, +)] where count > 0 {
        expected["\(count)", default: 0] += 1
      }
    }
    for (text, count) in expected { #expect(written[text] == count, "\(text)") }
  }

  @Test func networksWithoutBlocksHaveNoAllocation() throws {
    let report = try Samples.report("inverted")
    #expect(throws: ScaleNetError.noBlocks(path: "models/inverted")) { try AllocationChart(report) }
    #expect(throws: ScaleNetError.noModels) { try ComparisonChart([]) }
  }

  @Test func comparisonsKeepLabelsApart() throws {
    let reports = try (Samples.released + Samples.residual + Samples.residual + Samples.released).map(
      Samples.report)
    check(try ComparisonChart(reports).drawing)
    check(try ComparisonChart([try Samples.hostile()]).drawing)
    check(try ComparisonChart(try Samples.residual.map(Samples.report)).drawing)
  }

  @Test func familiesHaveColoursOfTheirOwn() throws {
    var reports = try (Samples.released + Samples.residual).map(Samples.report)
    // A file that says nothing of itself: the blocks tell.
    for index in Samples.released.count..<reports.count { reports[index].architecture = "main_graph" }
    #expect(Set(reports.map(\.familyName)) == ["ScaleNet", "ResNet", "ResNeXt", "SE-ResNet", "SE-ResNeXt"])
    let drawing = try ComparisonChart(reports).drawing
    var fills: [Color] = []
    for case .circle(_, _, let fill, _) in drawing.shapes { fills.append(fill) }
    let families = reports.map(\.familyName)
    // A point for each model, then one for each family in the legend.
    #expect(fills.count == reports.count + Set(families).count)
    for (index, family) in families.enumerated() {
      for (other, name) in families.enumerated() {
        #expect((fills[index] == fills[other]) == (family == name))
      }
    }
    let words = drawing.shapes.compactMap { shape -> String? in
      if case .text(let text, _, _, _, _, _) = shape { text } else { nil }
    }
    #expect(Set(families).isSubset(of: Set(words)))
  }

  @Test(arguments: Samples.released + Samples.residual)
  func blockDiagramsKeepBoxesApart(name: String) throws {
    let block = try #require(BlockGraph(representing: try Samples.graph(name)))
    let drawing = BlockDiagram(block).drawing
    check(drawing)
    var boxes: [Box] = []
    for case .rectangle(let x, let y, let width, let height, _, _) in drawing.shapes {
      let box = Box(text: "", left: x, top: y, right: x + width, bottom: y + height)
      #expect(boxes.allSatisfy { !$0.overlaps(box) })
      boxes.append(box)
    }
    #expect(boxes.count == block.nodes.count + 1)
    // No edge runs through a box: the vertical parts keep away from all.
    for case .line(let points, _, _) in drawing.shapes {
      for (from, to) in zip(points, points.dropFirst()) where from.x == to.x {
        let segment = Box(text: "", left: from.x, top: from.y + 0.1, right: from.x, bottom: to.y - 0.1)
        #expect(boxes.allSatisfy { !$0.overlaps(segment) })
      }
    }
  }

  /// WCAG 2's relative luminance.
  private func luminance(_ value: UInt32) -> Double {
    func linear(_ shift: UInt32) -> Double {
      let part = Double(value >> shift & 0xFF) / 255
      return part <= 0.04045 ? part / 12.92 : power((part + 0.055) / 1.055)
    }
    return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
  }

  /// x to the power of 2.4 for x in 0...1, by Newton's method on y^5 = x^12.
  private func power(_ x: Double) -> Double {
    let target = (0..<12).reduce(1.0) { product, _ in product * x }
    var y = 1.0
    for _ in 0..<100 { y -= (y * y * y * y * y - target) / (5 * y * y * y * y) }
    return y
  }

  @Test func scalesStayApartInGrey() {
    for value in [\Color.light, \Color.dark] {
      let fills = Color.scales.map { luminance($0[keyPath: value]) }
      for (darker, lighter) in zip(fills, fills.dropFirst()) {
        #expect((lighter + 0.05) / (darker + 0.05) > 1.5)
      }
      for (fill, ink) in zip(fills, Color.onScales.map { luminance($0[keyPath: value]) }) {
        #expect((max(fill, ink) + 0.05) / (min(fill, ink) + 0.05) >= 4.5)
      }
      let paper = luminance(Color.paper[keyPath: value])
      for color in [Color.ink, .muted, .accent] {
        let text = luminance(color[keyPath: value])
        #expect((max(paper, text) + 0.05) / (min(paper, text) + 0.05) >= 4.5)
      }
    }
  }

  @Test func pngIsAPNGOfTheRightSize() throws {
    let drawing = try AllocationChart(try Samples.report("scalenet50")).drawing
    let bytes = try drawing.png()
    #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(Double(number(at: 16)) == (2 * drawing.width).rounded(.up))
    #expect(Double(number(at: 20)) == (2 * drawing.height).rounded(.up))
    #expect(bytes.suffix(8) == [0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
    #expect(bytes.count > 20_000)
    #expect(try drawing.png() == bytes)
    #expect(throws: ScaleNetError.self) { try drawing.png(scale: 100) }
  }

  @Test(arguments: [DiffSamples.differing, DiffSamples.hostile])
  func textsOfDivergencesNeitherOverlapNorLeaveThePicture(report: DiffReport) throws {
    let drawing = try DivergenceChart(report).drawing
    check(drawing)
    #expect(!drawing.svg.contains("<script"))
    #expect(drawing.svg.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(try drawing.png().starts(with: [0x89, 0x50, 0x4e, 0x47]))
  }

  /// Each layer is a mark at its error's height: dots within the tolerance, triangles outside.
  @Test func divergencesAreMarkedAtTheirDecade() throws {
    var report = DiffSamples.differing
    report.layers = [
      DiffSamples.layer("a", "Conv", 0), DiffSamples.layer("b", "Conv", 1e-7),
      DiffSamples.layer("c", "Conv", 1e-5),
      DiffSamples.layer("d", "Conv", 1e-3, isWithin: false),
    ]
    let shapes = try DivergenceChart(report).drawing.shapes
    var dots: [Drawing.Point] = []
    var tips: [Drawing.Point] = []
    var grid: [Double] = []
    for shape in shapes {
      switch shape {
      case .circle(let center, _, _, _): dots.append(center)
      case .triangle(let tip, _, _, .ink): tips.append(tip)
      case .line(let points, .grid, _): grid.append(points[0].y)
      default: break
      }
    }
    // The first of each is the legend's.
    #expect(dots.count == 4 && tips.count == 2)
    // Lines from 1e-8, which is where 0 lies, to 1e-1.
    #expect(grid.count == 8 && grid == grid.sorted(by: >))
    #expect(abs(dots[1].y - grid[0]) < 0.5)
    #expect(abs(dots[2].y - grid[1]) < 0.5)
    #expect(abs(dots[3].y - grid[3]) < 0.5)
    #expect(abs(tips[1].y + 4 * 1.9 - grid[5]) < 0.5)
    #expect(dots[1].x < dots[2].x && dots[2].x < dots[3].x && dots[3].x < tips[1].x)
  }

  @Test func divergencesNeedLayers() {
    #expect(throws: ScaleNetError.noLayers(path: "trt.json")) { try DivergenceChart(DiffSamples.matching) }
  }
}
