import Glibc

/// Random numbers that depend on the seed only: SplitMix64 (Steele, Lea, Flood 2014), and Box-Muller for the normal
/// distribution.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The same seed gives the same numbers.
  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Evenly distributed in (0, 1].
  private mutating func unit() -> Double {
    (Double(next() >> 11) + 1) * 0x1p-53
  }

  /// Normal with mean 0.
  public mutating func normals(_ count: Int, deviation: Double = 1) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      let radius = deviation * (-2 * log(unit())).squareRoot()
      let angle = 2 * Double.pi * unit()
      values.append(Float(radius * cos(angle)))
      values.append(Float(radius * sin(angle)))
    }
    if values.count > count { values.removeLast() }
    return values
  }

  /// Evenly distributed in [-bound, bound].
  public mutating func uniforms(_ count: Int, bound: Double) -> [Float] {
    (0..<count).map { _ in Float(bound * (2 * unit() - 1)) }
  }
}
