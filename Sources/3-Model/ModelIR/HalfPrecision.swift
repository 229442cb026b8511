// Safe: who calls `round` gives the addresses of as many elements as it says, which live through the call.

/// float16 in integer arithmetic, without branches: the least x86-64 processor has no instruction for it, and a call for
/// each number takes longer than all that is computed with it.
package enum HalfPrecision {
  /// The number that a pattern of 16 bits stands for; exact.
  @inline(__always)
  static func float(_ pattern: UInt16) -> Float {
    let magnitude = UInt32(pattern & 0x7fff) << 13
    let exponent = magnitude & 0x0f80_0000
    // Exponents of float32 are 112 more; that of infinity and NaN is 112 more again.
    let normal = magnitude &+ 0x3800_0000
    // Below 2^-14 there is no leading 1: it is added, and taken away.
    let small =
      (Float(bitPattern: magnitude &+ 0x3880_0000) - Float(bitPattern: 0x3880_0000)).bitPattern
    let large = exponent == 0x0f80_0000 ? normal &+ 0x3800_0000 : normal
    let result = exponent == 0 ? small : large
    return Float(bitPattern: result | UInt32(pattern & 0x8000) << 16)
  }

  /// The nearest number that float16 has, ties to even; infinite from 65,520 on.
  @inline(__always)
  static func rounded(_ value: Float) -> Float {
    let magnitude = value.bitPattern & 0x7fff_ffff
    let kept = (magnitude &+ 0xfff &+ ((magnitude >> 13) & 1)) & 0xffff_e000
    let normal = kept >= 0x4780_0000 ? 0x7f80_0000 : kept
    // Beside 0.5 a float32 has steps of 2^-24, which are float16's below 2^-14.
    let small = ((Float(bitPattern: magnitude) + 0.5) - 0.5).bitPattern
    let finite = magnitude < 0x3880_0000 ? small : normal
    let result = magnitude > 0x7f80_0000 ? magnitude | 0x0040_0000 : finite
    return Float(bitPattern: result | (value.bitPattern & 0x8000_0000))
  }

  /// The pattern of the nearest number.
  @inline(__always)
  static func pattern(_ value: Float) -> UInt16 {
    let bits = rounded(value).bitPattern
    let magnitude = bits & 0x7fff_ffff
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    if magnitude >= 0x7f80_0000 { return sign | (magnitude > 0x7f80_0000 ? 0x7e00 : 0x7c00) }
    if magnitude < 0x3880_0000 { return sign | UInt16(Float(bitPattern: magnitude) * 0x1p24) }
    return sign | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000) >> 13)
  }

  /// The nearest number that bfloat16 has, ties to even; what is not finite stays.
  @inline(__always)
  static func roundedToBFloat16(_ value: Float) -> Float {
    let bits = value.bitPattern
    let kept = (bits &+ 0x7fff &+ ((bits >> 16) & 1)) & 0xffff_0000
    return Float(bitPattern: bits & 0x7f80_0000 == 0x7f80_0000 ? bits : kept)
  }

  /// Numbers rounded to a half type; those of another type as they are.
  package static func round(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, to type: DataType
  ) {
    switch type {
    case .float16: for index in 0..<count { unsafe target[index] = unsafe rounded(source[index]) }
    case .bfloat16: for index in 0..<count { unsafe target[index] = unsafe roundedToBFloat16(source[index]) }
    default: unsafe target.update(from: source, count: count)  // No half type.
    }
  }

  /// The patterns of the numbers nearest to these, of a half type.
  package static func patterns(_ elements: [Float], _ type: DataType) -> [UInt16] {
    type == .float16
      ? elements.map { pattern($0) }
      : elements.map { UInt16(truncatingIfNeeded: roundedToBFloat16($0).bitPattern >> 16) }
  }

  /// The numbers nearest to these that float16 has.
  package static func rounded(_ elements: [Float]) -> [Float] { elements.map { rounded($0) } }
}
