/// A width r at which some block gains a channel: `channels` of `planes`.
struct Fraction: Hashable, Comparable {
  let channels: Int
  let planes: Int

  /// Extents are at most a few ten thousand, so products stay small.
  static func < (left: Fraction, right: Fraction) -> Bool {
    left.channels * right.planes < right.channels * left.planes
  }

  var value: Double { Double(channels) / Double(planes) }

  /// ceil(r * planes), exactly.
  func channels(of planes: Int) -> Int {
    (channels * planes + self.planes - 1) / self.planes
  }
}
