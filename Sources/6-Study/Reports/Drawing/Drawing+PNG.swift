public import FileIO
import Images

extension Drawing {
  /// Sides of a PNG in pixels; what reads images has limits of about this.
  private static let largestSide = 32_000

  /// The picture as the bytes of a PNG, `scale` pixels for each of the drawing's.
  ///
  /// Shapes and letters are our own, so that the bytes are the same on every system, whatever fonts it has. There are
  /// letters for ASCII and the western European languages; other characters are boxes.
  public func png(scale: Double = 2) throws(ScaleNetError) -> [UInt8] {
    let (columns, rows) = ((width * scale).rounded(.up), (height * scale).rounded(.up))
    guard columns >= 1, rows >= 1, columns <= Double(Self.largestSide), rows <= Double(Self.largestSide)
    else {
      throw .tooLarge(
        width: Int(exactly: columns) ?? .max, height: Int(exactly: rows) ?? .max, limit: Self.largestSide)
    }
    var canvas = Canvas(width: Int(columns), height: Int(rows), scale: scale, background: .paper)
    for shape in shapes { canvas.draw(shape) }
    return try canvas.image.pngData()
  }
}
