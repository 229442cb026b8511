/// Counts distances between float32 numbers in buckets that double: 0, 1, 2, up to 4, up to 8 and so on.
struct ULPCounter {
  /// One bucket for 0 and one for each power of two up to 2^32.
  private var counts = [Int](repeating: 0, count: 34)
  private var largest = 0

  mutating func add(_ left: Float, _ right: Float) {
    let distance = Self.distance(left, right)
    largest = max(largest, distance)
    counts[Self.bucket(distance)] += 1
  }

  /// How many steps between neighbouring numbers lead from one to the other; +0 and -0 are one number.
  static func distance(_ left: Float, _ right: Float) -> Int {
    if left == right || (left.isNaN && right.isNaN) { return 0 }
    guard left.isFinite && right.isFinite else { return Int(UInt32.max) }
    return abs(place(left) - place(right))
  }

  /// The place of a number when all are in order.
  private static func place(_ value: Float) -> Int {
    let magnitude = Int(value.bitPattern & 0x7fff_ffff)
    return value.sign == .minus ? -magnitude : magnitude
  }

  /// 0 for 0; else 1 plus the exponent of the power of two that is not below `distance`.
  private static func bucket(_ distance: Int) -> Int {
    distance == 0 ? 0 : Int.bitWidth - (distance - 1).leadingZeroBitCount + 1
  }

  private static func upperEnd(_ bucket: Int) -> Int { bucket == 0 ? 0 : 1 << (bucket - 1) }

  var distribution: ULPDistribution {
    let last = Self.bucket(largest)
    let total = counts.reduce(0, +)
    func percentile(_ percent: Int) -> Int {
      var seen = 0
      for (bucket, count) in counts.enumerated() {
        seen += count
        if seen * 100 >= total * percent { return min(Self.upperEnd(bucket), largest) }
      }
      return largest
    }
    // Above 2^20 numbers have little in common: one open bucket.
    let shown = min(last, 21)
    var histogram = (0...shown).map { ULPDistribution.Bucket(upTo: Self.upperEnd($0), count: counts[$0]) }
    if last > shown {
      histogram.append(ULPDistribution.Bucket(upTo: nil, count: counts[(shown + 1)...].reduce(0, +)))
    }
    return ULPDistribution(
      median: percentile(50), p90: percentile(90), p99: percentile(99), max: largest, histogram: histogram)
  }
}
