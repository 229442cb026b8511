extension Drawing {
  /// How colours are written.
  enum Palette {
    /// As they are on a light background.
    case light
    /// As the custom properties of a page, which has two schemes.
    case properties
  }

  /// The picture as an SVG 1.1 document, on a light background, that names no other file.
  public var svg: String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svgElement(.light) + "\n"
  }

  /// The `svg` element alone.
  func svgElement(_ palette: Palette) -> String {
    let size = "\(width.coordinate) \(height.coordinate)"
    var result =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" width=\"\(width.coordinate)\" "
      + "height=\"\(height.coordinate)\" role=\"img\" font-family=\"'DejaVu Sans', Verdana, Arial, sans-serif\">\n"
      + "<title>\(summary.markup)</title>\n"
    if case .light = palette {
      result +=
        "<rect width=\"\(width.coordinate)\" height=\"\(height.coordinate)\" fill=\"\(Palette.light.text(.paper))\"/>\n"
    }
    for shape in shapes { result += Self.element(shape, palette) + "\n" }
    return result + "</svg>"
  }

  private static func element(_ shape: Shape, _ palette: Palette) -> String {
    func paint(fill: Color?, stroke: Color? = nil) -> String {
      let parts = ["fill:" + (fill.map(palette.text) ?? "none"), stroke.map { "stroke:" + palette.text($0) }]
      return "style=\"" + parts.compactMap { $0 }.joined(separator: ";") + "\""
    }
    func list(_ points: [Point]) -> String {
      points.map { "\($0.x.coordinate),\($0.y.coordinate)" }.joined(separator: " ")
    }
    switch shape {
    case .rectangle(let x, let y, let width, let height, let fill, let stroke):
      return "<rect x=\"\(x.coordinate)\" y=\"\(y.coordinate)\" width=\"\(width.coordinate)\" "
        + "height=\"\(height.coordinate)\" \(paint(fill: fill, stroke: stroke))/>"
    case .line(let points, let color, let width):
      return "<polyline points=\"\(list(points))\" stroke-width=\"\(width.coordinate)\" "
        + "\(paint(fill: nil, stroke: color))/>"
    case .triangle(let a, let b, let c, let color):
      return "<polygon points=\"\(list([a, b, c]))\" \(paint(fill: color))/>"
    case .circle(let center, let radius, let fill, let stroke):
      return "<circle cx=\"\(center.x.coordinate)\" cy=\"\(center.y.coordinate)\" r=\"\(radius.coordinate)\" "
        + "\(paint(fill: fill, stroke: stroke))/>"
    case .text(let text, let at, let size, let anchor, let color, let isBold):
      let alignment =
        switch anchor {
        case .start: ""
        case .middle: " text-anchor=\"middle\""
        case .end: " text-anchor=\"end\""
        }
      return "<text x=\"\(at.x.coordinate)\" y=\"\(at.y.coordinate)\" font-size=\"\(size.coordinate)\""
        + alignment + (isBold ? " font-weight=\"bold\"" : "")
        + " \(paint(fill: color))>\(text.markup)</text>"
    }
  }
}

extension Drawing.Palette {
  fileprivate func text(_ color: Color) -> String {
    switch self {
    case .light: Color.hexadecimal(color.light)
    case .properties: "var(--\(color.rawValue))"
    }
  }
}
