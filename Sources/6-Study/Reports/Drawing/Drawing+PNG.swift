import CCairo
public import FileIO

extension Drawing {
  /// Sides of a PNG in pixels; Cairo's own limit is 32,767.
  private static let largestSide = 32_000

  /// The picture as the bytes of a PNG, `scale` pixels for each of the drawing's.
  ///
  /// Text is drawn without hinting, so that nothing depends on a desktop's settings; the font is DejaVu Sans, or what
  /// fontconfig finds in its place.
  public func png(scale: Double = 2) throws(ScaleNetError) -> [UInt8] {
    let (columns, rows) = ((width * scale).rounded(.up), (height * scale).rounded(.up))
    guard columns >= 1, rows >= 1, columns <= Double(Self.largestSide), rows <= Double(Self.largestSide)
    else {
      throw .tooLarge(
        width: Int(exactly: columns) ?? .max, height: Int(exactly: rows) ?? .max, limit: Self.largestSide)
    }
    let surface = try CairoSurface(width: Int(columns), height: Int(rows))
    surface.scale(by: scale)
    surface.fillAll(.paper)
    for shape in shapes { surface.draw(shape) }
    return try surface.png()
  }
}
