/// Finds places for labels beside points, so that none covers another, a point or the frame.
struct LabelPlacer {
  struct Box {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func overlaps(_ other: Box) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }
  }

  /// Within what labels have to stay.
  let frame: Box
  private var taken: [Box]

  init(frame: Box, obstacles: [Box]) {
    self.frame = frame
    taken = obstacles
  }

  /// A box of this size near the point: the nearest free one of those around it; where all are taken, the one to
  /// the right.
  mutating func place(width: Double, height: Double, near point: Drawing.Point) -> Box {
    func box(_ dx: Double, _ dy: Double) -> Box {
      // -1, 0 and 1 along each axis: before the place, over it, behind it.
      let x = dx < 0 ? point.x + dx - width : dx > 0 ? point.x + dx : point.x - width / 2
      return Box(x: x, y: point.y + dy - height / 2, width: width, height: height)
    }
    for ring in 0..<60 {
      let reach = 9 + 7 * Double(ring)
      for (dx, dy) in [(1.0, 0.0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1)] {
        let candidate = box(dx * reach, dy * (reach + (dx == 0 ? height / 2 - 2 : 0)))
        if fits(candidate) {
          taken.append(candidate)
          return candidate
        }
      }
    }
    return box(9, 0)
  }

  private func fits(_ box: Box) -> Bool {
    box.x >= frame.x && box.y >= frame.y && box.x + box.width <= frame.x + frame.width
      && box.y + box.height <= frame.y + frame.height && !taken.contains { $0.overlaps(box) }
  }
}
