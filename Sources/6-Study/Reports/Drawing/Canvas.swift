import Images

/// Pixels that shapes are painted on, with soft edges: each pixel takes as much of a colour as the shape covers of it.
///
/// Coverage is computed exactly, row by row, from the edges of polygons (the signed areas that Levien's font-rs adds up);
/// the memory needed beside the pixels is a row. Nothing depends on fonts or settings of the system, so that a drawing
/// gives the same pixels everywhere.
struct Canvas {
  let width: Int
  let height: Int
  private(set) var pixels: [UInt8]
  /// Pixels for each length of the shapes.
  private let scale: Double
  private var row: [Double]

  init(width: Int, height: Int, scale: Double, background: Color) {
    self.width = width
    self.height = height
    self.scale = scale
    pixels = [UInt8](repeating: 0, count: width * height * 3)
    let parts = Self.parts(of: background)
    for index in pixels.indices { pixels[index] = UInt8(parts[index % 3]) }
    row = [Double](repeating: 0, count: width + 2)
  }

  /// What was painted.
  var image: Image { Image(width: width, height: height, pixels: pixels) }

  /// A line from the upper point to the lower, in pixels, and which side of it is inside.
  private struct Edge {
    var top: Drawing.Point
    var bottom: Drawing.Point
    var direction: Double
  }

  /// Paints what the contours enclose; where they go round in the other direction, they are holes.
  mutating func fill(_ contours: [[Drawing.Point]], _ color: Color) {
    var edges: [Edge] = []
    for contour in contours {
      for (index, point) in contour.enumerated() {
        let next = contour[(index + 1) % contour.count]
        let (from, to) = (pixel(point), pixel(next))
        if from.y < to.y { edges.append(Edge(top: from, bottom: to, direction: 1)) }
        if from.y > to.y { edges.append(Edge(top: to, bottom: from, direction: -1)) }
      }
    }
    edges.sort { $0.top.y < $1.top.y }
    guard let first = edges.first, let last = edges.map(\.bottom.y).max() else { return }
    var waiting = edges[...]
    var active: [Edge] = []
    let rows = max(0, Int(first.top.y))..<max(0, min(height, Int(last.rounded(.up))))
    for y in rows {
      active.removeAll { $0.bottom.y <= Double(y) }
      while let edge = waiting.first, edge.top.y < Double(y + 1) {
        waiting.removeFirst()
        if edge.bottom.y > Double(y) { active.append(edge) }
      }
      var (start, end) = (row.count, 0)
      for edge in active {
        let touched = accumulate(edge, y: Double(y))
        start = min(start, touched.lowerBound)
        end = max(end, touched.upperBound)
      }
      if start < end { blend(y: y, columns: start..<end, color) }
    }
  }

  private func pixel(_ point: Drawing.Point) -> Drawing.Point {
    Drawing.Point(x: point.x * scale, y: point.y * scale)
  }

  /// Adds what the edge's part in the row of pixels at `y` covers of each pixel, as differences to the pixel on the left.
  /// - Returns: the columns that were changed.
  private mutating func accumulate(_ edge: Edge, y: Double) -> Range<Int> {
    let slope = (edge.bottom.x - edge.top.x) / (edge.bottom.y - edge.top.y)
    let from = max(y, edge.top.y)
    let to = min(y + 1, edge.bottom.y)
    func x(at place: Double) -> Double {
      min(max(edge.top.x + (place - edge.top.y) * slope, 0), Double(width))
    }
    let covered = (to - from) * edge.direction
    let (left, right) = (min(x(at: from), x(at: to)), max(x(at: from), x(at: to)))
    let first = min(Int(left), width)
    let end = min(max(Int(right.rounded(.up)), first + 1), width + 1)
    if end == first + 1 {
      let middle = (left + right) / 2 - Double(first)
      row[first] += covered * (1 - middle)
      row[first + 1] += covered * middle
      return first..<first + 2
    }
    // The area left of a place and right of the edge.
    func area(leftOf place: Double) -> Double {
      let inside = min(max(place - left, 0), right - left)
      return inside * inside / (right - left) / 2 + max(place - right, 0)
    }
    var before = 0.0
    for column in first...end {
      let here = area(leftOf: Double(column + 1)) - area(leftOf: Double(column))
      row[column] += covered * (here - before)
      before = here
    }
    return first..<end + 1
  }

  private mutating func blend(y: Int, columns: Range<Int>, _ color: Color) {
    let parts = Self.parts(of: color)
    var sum = 0.0
    for column in columns {
      sum += row[column]
      row[column] = 0
      guard column < width, abs(sum) > 1e-6 else { continue }
      let coverage = min(abs(sum), 1)
      let place = 3 * (y * width + column)
      for channel in 0..<3 {
        let old = Double(pixels[place + channel])
        pixels[place + channel] = UInt8((old + (parts[channel] - old) * coverage).rounded())
      }
    }
  }

  /// Red, green and blue, 0 to 255.
  private static func parts(of color: Color) -> [Double] {
    [16, 8, 0].map { Double(color.light >> $0 & 0xFF) }
  }
}
