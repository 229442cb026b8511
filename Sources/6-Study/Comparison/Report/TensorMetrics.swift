public import FileIO

/// How far two tensors of one shape are apart, a found and b the reference. Elements that are the same bits or two
/// infinities of one sign do not differ, and two NaN cannot be told; where one side alone is not finite the error is infinite, which JSON says as null.
public struct TensorMetrics: Sendable, Codable, Hashable {
  /// Elements of all batches.
  public var elementCount: Int
  /// Elements outside of |a - b| <= absolute + relative * |b|, and those that are not finite on one side alone.
  public var mismatchedCount: Int
  /// Largest |a - b|; nil where it is infinite.
  @ExplicitNull public var maxAbsoluteError: Double?
  /// Mean |a - b|; nil where it is infinite.
  @ExplicitNull public var meanAbsoluteError: Double?
  /// Largest |a - b| / |b| over elements whose b is not 0; nil where it is infinite.
  @ExplicitNull public var maxRelativeError: Double?
  /// Mean |a - b| / |b| over elements whose b is not 0; nil where it is infinite.
  @ExplicitNull public var meanRelativeError: Double?
  /// Square root of the mean squared error; nil where it is infinite.
  @ExplicitNull public var rmse: Double?
  /// a * b / (|a| |b|); nil where one of them is all zeros, not finite, or too large or small to be squared.
  @ExplicitNull public var cosineSimilarity: Double?
  /// Peak signal-to-noise ratio in dB, 20 log10(largest |b| / rmse); nil where the tensors do not differ at all or
  /// the error is infinite.
  @ExplicitNull public var psnr: Double?
  /// Elements that are NaN on both sides, or the same infinity: they prove nothing.
  public var nonFiniteCount: Int
  /// Largest |b| among finite elements.
  public var largestMagnitude: Double
  /// Where |a - b| is largest; nil where nothing differs.
  @ExplicitNull public var worst: Worst?
  /// How many float32 numbers lie between the elements; of integers, how far they are apart.
  public var ulp: ULPDistribution

  public init(
    elementCount: Int, mismatchedCount: Int, maxAbsoluteError: Double? = nil,
    meanAbsoluteError: Double? = nil, maxRelativeError: Double? = nil, meanRelativeError: Double? = nil,
    rmse: Double? = nil, cosineSimilarity: Double? = nil, psnr: Double? = nil, nonFiniteCount: Int = 0,
    largestMagnitude: Double,
    worst: Worst? = nil, ulp: ULPDistribution
  ) {
    self.elementCount = elementCount
    self.mismatchedCount = mismatchedCount
    self.maxAbsoluteError = maxAbsoluteError
    self.meanAbsoluteError = meanAbsoluteError
    self.maxRelativeError = maxRelativeError
    self.meanRelativeError = meanRelativeError
    self.rmse = rmse
    self.cosineSimilarity = cosineSimilarity
    self.psnr = psnr
    self.nonFiniteCount = nonFiniteCount
    self.largestMagnitude = largestMagnitude
    self.worst = worst
    self.ulp = ulp
  }

  enum CodingKeys: String, CodingKey {
    case rmse, psnr, worst, ulp
    case elementCount = "element_count"
    case mismatchedCount = "mismatched_count"
    case maxAbsoluteError = "max_absolute_error"
    case meanAbsoluteError = "mean_absolute_error"
    case maxRelativeError = "max_relative_error"
    case meanRelativeError = "mean_relative_error"
    case cosineSimilarity = "cosine_similarity"
    case nonFiniteCount = "non_finite_count"
    case largestMagnitude = "largest_magnitude"
  }
}

extension TensorMetrics {
  /// The element with the largest error.
  public struct Worst: Sendable, Codable, Hashable {
    /// Its index along each axis.
    public var index: [Int]
    /// nil where it is not finite.
    @ExplicitNull public var left: Double?
    /// nil where it is not finite.
    @ExplicitNull public var right: Double?
    /// The left's integer where Double rounds it: past 2^53.
    public var leftInteger: Int128?
    /// The right's integer where Double rounds it.
    public var rightInteger: Int128?

    public init(
      index: [Int], left: Double? = nil, right: Double? = nil
    ) {
      self.index = index
      self.left = left
      self.right = right
    }

    /// Elements that are integers.
    public init(index: [Int], leftInteger: Int128, rightInteger: Int128) {
      self.init(index: index, left: Double(leftInteger), right: Double(rightInteger))
      self.leftInteger = Self.unlessExact(leftInteger)
      self.rightInteger = Self.unlessExact(rightInteger)
    }

    private static func unlessExact(_ integer: Int128) -> Int128? {
      Double(exactly: integer) == nil ? integer : nil
    }
  }
}

extension TensorMetrics.Worst {
  enum CodingKeys: String, CodingKey {
    case index, left, right
  }

  /// Reads what `encode` writes; integers past 2^53 as they are.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      index: try container.decode([Int].self, forKey: .index),
      left: try container.decodeIfPresent(Double.self, forKey: .left),
      right: try container.decodeIfPresent(Double.self, forKey: .right))
    func integer(_ key: CodingKeys) -> Int128? {
      if let value = try? container.decode(Int64.self, forKey: key) { return Int128(value) }
      return (try? container.decode(UInt64.self, forKey: key)).map { Int128($0) }
    }
    leftInteger = integer(.left).flatMap(Self.unlessExact)
    rightInteger = integer(.right).flatMap(Self.unlessExact)
  }

  /// Writes the index and both elements, integers of 64 bits without rounding them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(index, forKey: .index)
    func encode(_ value: Double?, _ integer: Int128?, _ key: CodingKeys) throws {
      // Whole numbers of 64 bits are written as they are.
      if let signed = integer.flatMap({ Int64(exactly: $0) }) {
        try container.encode(signed, forKey: key)
      } else if let unsigned = integer.flatMap({ UInt64(exactly: $0) }) {
        try container.encode(unsigned, forKey: key)
      } else {
        try container.encode(value, forKey: key)
      }
    }
    try encode(left, leftInteger, .left)
    try encode(right, rightInteger, .right)
  }
}

/// Distances in units in the last place: how many steps between neighbouring float32 numbers lead from a to b. Elements
/// that are not finite on one side alone have the largest distance there is.
public struct ULPDistribution: Sendable, Codable, Hashable {
  /// Half of the elements are no further apart. Percentiles are upper ends of the histogram's buckets, or `max`.
  public var median: Int
  /// 90 of 100 elements are no further apart.
  public var p90: Int
  /// 99 of 100 elements are no further apart.
  public var p99: Int
  /// The largest distance.
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

extension ULPDistribution {
  /// Elements whose distance is above the bucket before and not above `upTo`.
  public struct Bucket: Sendable, Codable, Hashable {
    /// The largest distance that is counted here; nil for all that is larger.
    @ExplicitNull public var upTo: Int?
    /// How many elements are in the bucket.
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
