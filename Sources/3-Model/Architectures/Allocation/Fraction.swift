/// A width r at which some block gains a channel: so many channels of so many planes, in lowest terms.
///
/// Both are at most a few ten thousand, so that products stay small.
struct Fraction: Hashable, Comparable {
  private let numerator: Int
  private let denominator: Int

  /// `planes` is above 0.
  init(channels: Int, planes: Int) {
    var (divisor, rest) = (planes, channels)
    while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
    numerator = channels / divisor
    denominator = planes / divisor
  }

  static func < (left: Fraction, right: Fraction) -> Bool {
    left.numerator * right.denominator < right.numerator * left.denominator
  }

  var value: Double { Double(numerator) / Double(denominator) }

  /// ceil(r * planes), exactly.
  func channels(of planes: Int) -> Int {
    (numerator * planes + denominator - 1) / denominator
  }
}
