extension Vector {
  /// `exp(self)` within two units in the last place; what would be smaller than the least normal number is that
  /// number, what would overflow is the largest power.
  ///
  /// exp(x) = 2^n * exp(r), n = round(x / ln 2), r = x - n ln 2, and the Taylor series of exp(r) for |r| <= 0.347.
  @inline(__always)
  var exponential: Vector {
    let least = Vector(repeating: -87.33)
    let most = Vector(repeating: 88.02)
    var x = replacing(with: least, where: self .< least)
    x.replace(with: most, where: x .> most)
    // Adding 1.5 * 2^23 leaves the rounded sum in the low bits of the pattern.
    let magic = Vector(repeating: 12_582_912)
    let shifted = magic.adding(x, times: Vector(repeating: 1.442_695_04))
    let n = shifted - magic
    // ln 2 in two parts, the first with few enough bits that n times it is exact.
    let r = x.adding(n, times: Vector(repeating: -0.693_359_375))
      .adding(n, times: Vector(repeating: 2.121_944_4e-4))
    var series = Vector(repeating: 1.0 / 5040)
    series = Vector(repeating: 1.0 / 720).adding(series, times: r)
    series = Vector(repeating: 1.0 / 120).adding(series, times: r)
    series = Vector(repeating: 1.0 / 24).adding(series, times: r)
    series = Vector(repeating: 1.0 / 6).adding(series, times: r)
    series = Vector(repeating: 0.5).adding(series, times: r)
    series = Vector(repeating: 1).adding(series, times: r)
    series = Vector(repeating: 1).adding(series, times: r)
    let power = unsafe unsafeBitCast(shifted, to: SIMDPattern.self) &<< SIMDPattern(repeating: 23)
    return unsafe unsafeBitCast(unsafeBitCast(series, to: SIMDPattern.self) &+ power, to: Vector.self)
  }

  /// The hyperbolic tangent: near 0 by the fraction that begins Lambert's expansion, elsewhere by the exponential.
  @inline(__always)
  var hyperbolicTangent: Vector {
    let square = self * self
    let numerator = Vector(repeating: 945).adding(
      Vector(repeating: 105).adding(square, times: Vector(repeating: 1)), times: square)
    let denominator = Vector(repeating: 945).adding(
      Vector(repeating: 420).adding(square, times: Vector(repeating: 15)), times: square)
    let magnitude = replacing(with: -self, where: self .< 0)
    let power = (magnitude * Vector(repeating: -2)).exponential
    let far = (Vector(repeating: 1) - power) / (Vector(repeating: 1) + power)
    return far.replacing(with: -far, where: self .< 0)
      .replacing(with: self * numerator / denominator, where: magnitude .< Vector(repeating: 0.6))
  }

  #if SCALENET_AVX512
    private typealias SIMDPattern = SIMD16<UInt32>
  #elseif SCALENET_AVX2
    private typealias SIMDPattern = SIMD8<UInt32>
  #else
    private typealias SIMDPattern = SIMD4<UInt32>
  #endif

  /// The elements of `source` as far as there are any, and zeros.
  @inline(__always)
  static func load(_ source: UnsafePointer<Float>, count: Int) -> Vector {
    if count >= Tile.lanes { return unsafe load(source) }
    var result = Vector.zero
    for index in 0..<count { result[index] = unsafe source[index] }
    return result
  }

  /// Stores the first `count` elements, at most all.
  @inline(__always)
  func store(_ target: UnsafeMutablePointer<Float>, count: Int) {
    if count >= Tile.lanes {
      unsafe store(target)
    } else {
      for index in 0..<count { unsafe target[index] = self[index] }
    }
  }
}
