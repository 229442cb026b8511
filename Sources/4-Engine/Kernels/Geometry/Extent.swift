/// A height and a width, in pixels.
public struct Extent: Hashable, Sendable {
  /// Rows, in pixels.
  public var height: Int
  /// Columns, in pixels.
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// The number of pixels.
  public var area: Int { height * width }
}
