/// Distances in units in the last place: how many steps between neighbouring float32 numbers lead from a to b. Elements
/// that are not finite on one side alone have the largest distance there is.
public struct ULPDistribution: Sendable, Codable, Hashable {
  /// Half of the elements are no further apart. Percentiles are upper ends of the histogram's buckets, or `max`.
  public var median: Int
  public var p90: Int
  public var p99: Int
  public var max: Int
  /// 0, 1, 2, up to 4, up to 8, ... ; the last bucket is open. Empty buckets in between are listed.
  public var histogram: [Bucket]

  public init(
    median: Int, p90: Int, p99: Int, max: Int, histogram: [Bucket]
  ) {
    self.median = median
    self.p90 = p90
    self.p99 = p99
    self.max = max
    self.histogram = histogram
  }

  enum CodingKeys: String, CodingKey {
    case median, p90, p99, max, histogram
  }
}
