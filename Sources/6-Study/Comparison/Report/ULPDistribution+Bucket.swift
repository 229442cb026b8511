extension ULPDistribution {
  /// Elements whose distance is above the bucket before and not above `upTo`.
  public struct Bucket: Sendable, Codable, Hashable {
    /// The largest distance that is counted here; nil for all that is larger.
    @ExplicitNull public var upTo: Int?
    public var count: Int

    public init(
      upTo: Int? = nil, count: Int
    ) {
      self.upTo = upTo
      self.count = count
    }

    enum CodingKeys: String, CodingKey {
      case count
      case upTo = "up_to"
    }
  }
}
