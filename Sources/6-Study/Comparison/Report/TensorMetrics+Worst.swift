extension TensorMetrics {
  /// The element with the largest error.
  public struct Worst: Sendable, Codable, Hashable {
    /// Its index along each axis.
    public var index: [Int]
    /// nil where it is not finite.
    @ExplicitNull public var left: Double?
    /// nil where it is not finite.
    @ExplicitNull public var right: Double?

    public init(
      index: [Int], left: Double? = nil, right: Double? = nil
    ) {
      self.index = index
      self.left = left
      self.right = right
    }

    enum CodingKeys: String, CodingKey {
      case index, left, right
    }
  }
}
