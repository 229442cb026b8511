extension DiffReport {
  /// Values without a counterpart.
  public struct Unmatched: Sendable, Codable, Hashable {
    public var left: [UnmatchedLayer]
    public var right: [UnmatchedLayer]

    public init(
      left: [UnmatchedLayer], right: [UnmatchedLayer]
    ) {
      self.left = left
      self.right = right
    }

    enum CodingKeys: String, CodingKey {
      case left, right
    }
  }
}
