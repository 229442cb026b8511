/// Rows and columns that are added around an image, in pixels.
public struct Padding: Hashable, Sendable {
  /// Rows above.
  public var top: Int
  /// Columns to the left.
  public var left: Int
  /// Rows below.
  public var bottom: Int
  /// Columns to the right.
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

  /// Whether there are no margins.
  public var isZero: Bool { self == Padding() }
}
