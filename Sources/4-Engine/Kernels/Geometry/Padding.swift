/// Rows and columns that are added around an image, in pixels.
public struct Padding: Hashable, Sendable {
  public var top: Int
  public var left: Int
  public var bottom: Int
  public var right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// The same on all four sides.
  public init(_ all: Int = 0) {
    self.init(top: all, left: all, bottom: all, right: all)
  }

  public var isZero: Bool { self == Padding() }
}
