/// Nodes in layers from top to bottom, a box for each, with edges from what they read.
struct NodeDiagram {
  /// A box of two lines.
  struct Box {
    var title: String
    var subtitle: String
    var fill = Color.paper
    var stroke = Color.muted
    /// Indices of boxes before this one.
    var inputs: [Int]
  }

  private static let boxWidth = 128.0
  private static let boxHeight = 36.0
  private static let layerHeight = 62.0
  private static let margin = 20.0
  private static let top = 52.0

  let title: String
  let summary: String
  let boxes: [Box]

  var drawing: Drawing {
    let layout = LayeredLayout(inputs: boxes.map(\.inputs), nodeWidth: Self.boxWidth)
    var drawing = Drawing(
      width: max(layout.width + 2 * Self.margin, 360),
      height: Self.top + Double(layout.layerCount) * Self.layerHeight - (Self.layerHeight - Self.boxHeight)
        + Self.margin,
      summary: summary)
    drawing.text(
      TextMetrics.fitted(title, to: 320, size: 14, isBold: true), Self.margin, Self.margin + 12,
      size: 14, isBold: true)
    let left = (drawing.width - layout.width) / 2
    func center(_ node: Int) -> Drawing.Point {
      Drawing.Point(
        x: left + layout.centers[node],
        y: Self.top + Double(layout.layers[node]) * Self.layerHeight + Self.boxHeight / 2)
    }
    for (node, sources) in boxes.map(\.inputs).enumerated() {
      // Where several edges arrive, they spread over the box in the order of where they come from.
      let comingFrom = sources.indices.map { layout.waypoints[node][$0].last ?? layout.centers[sources[$0]] }
      let ranks = sources.indices.map { edge in
        sources.indices.count { (comingFrom[$0], $0) < (comingFrom[edge], edge) }
      }
      for (edge, source) in sources.enumerated() {
        let spread = (Double(ranks[edge]) - Double(sources.count - 1) / 2) * 22
        self.edge(
          from: center(source), to: center(node), spread: spread,
          through: layout.waypoints[node][edge].map { left + $0 }, firstLayer: layout.layers[source] + 1,
          &drawing)
      }
    }
    for (index, box) in boxes.enumerated() { self.box(box, center(index), &drawing) }
    return drawing
  }

  private func edge(
    from source: Drawing.Point, to target: Drawing.Point, spread: Double, through waypoints: [Double],
    firstLayer: Int, _ drawing: inout Drawing
  ) {
    var points = [Drawing.Point(x: source.x, y: source.y + Self.boxHeight / 2)]
    for (index, x) in waypoints.enumerated() {
      let y = Self.top + Double(firstLayer + index) * Self.layerHeight
      points.append(.init(x: x, y: y))
      points.append(.init(x: x, y: y + Self.boxHeight))
    }
    let end = Drawing.Point(x: target.x + spread, y: target.y - Self.boxHeight / 2)
    points.append(.init(x: end.x, y: end.y - 5))
    drawing.line(points, .muted, width: 1.25)
    drawing.triangle(
      .init(x: end.x - 3.5, y: end.y - 7), .init(x: end.x + 3.5, y: end.y - 7), end, .muted)
  }

  private func box(_ box: Box, _ center: Drawing.Point, _ drawing: inout Drawing) {
    let room = Self.boxWidth - 8
    drawing.rectangle(
      center.x - Self.boxWidth / 2, center.y - Self.boxHeight / 2, Self.boxWidth, Self.boxHeight,
      fill: box.fill, stroke: box.stroke)
    let size = TextMetrics.width(box.title, size: 11, isBold: true) > room ? 9.5 : 11
    drawing.text(
      TextMetrics.fitted(box.title, to: room, size: size, isBold: true), center.x, center.y - 3, size: size,
      anchor: .middle, isBold: true)
    drawing.text(
      TextMetrics.fitted(box.subtitle, to: room, size: 10), center.x, center.y + 11, size: 10,
      anchor: .middle, .muted)
  }
}
