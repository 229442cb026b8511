import ModelIR

/// Random vectors of signs, the same in every run.
struct SignTable {
  private(set) var images: [SIMD8<Double>] = []
  private(set) var channels: [SIMD8<Double>] = []
  private(set) var places: [SIMD8<Double>] = []
  private var sources = [RandomSource(seed: 1), RandomSource(seed: 2), RandomSource(seed: 3)]

  /// Makes the vectors at least this long.
  mutating func extend(to count: Int) {
    while places.count < count {
      images.append(Self.signs(sources[0].next()))
      channels.append(Self.signs(sources[1].next()))
      places.append(Self.signs(sources[2].next()))
    }
  }

  private static func signs(_ bits: UInt64) -> SIMD8<Double> {
    var result = SIMD8<Double>.zero
    for lane in 0..<8 { result[lane] = (bits >> UInt64(lane)) & 1 == 0 ? 1 : -1 }
    return result
  }
}
