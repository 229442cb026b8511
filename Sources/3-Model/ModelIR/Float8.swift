/// The four floating-point types of eight bits, by the rules of ONNX and of "FP8 formats for deep learning"
/// (Micikevicius et al., 2022).
public struct Float8: Hashable, Sendable {
  /// Bits of the mantissa; the exponent has the rest but the sign.
  let mantissaBits: Int
  let bias: Int
  /// Whether there is neither infinity nor a negative zero, whose pattern is NaN.
  let isUnsignedZero: Bool
  /// The largest finite pattern without a sign.
  let largest: UInt8
  /// NaN without a sign, or where there is one NaN alone, that.
  let nan: UInt8
  /// Infinity without a sign, if there is one.
  let infinity: UInt8?

  /// The format of an element type; nil for types of other widths.
  public init?(_ type: DataType) {
    switch type {
    case .float8E4M3FN:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (3, 7, false, 0x7e, 0x7f, nil)
    case .float8E4M3FNUZ:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (3, 8, true, 0x7f, 0x80, nil)
    case .float8E5M2:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (2, 15, false, 0x7b, 0x7f, 0x7c)
    case .float8E5M2FNUZ:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (2, 16, true, 0x7f, 0x80, nil)
    case .float16, .bfloat16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32,
      .uint64, .int4, .uint4, .bool, .complex64, .complex128:
      return nil
    }
  }

  /// The value of a pattern, which Float holds exactly.
  public func value(_ pattern: UInt8) -> Float {
    if isUnsignedZero ? pattern == nan : pattern & 0x7f > largest && pattern & 0x7f != infinity {
      return .nan
    }
    let magnitude =
      pattern & 0x7f == infinity ? .infinity : Self.magnitude(pattern & 0x7f, mantissaBits, bias)
    return pattern >= 0x80 ? -magnitude : magnitude
  }

  private static func magnitude(_ pattern: UInt8, _ mantissaBits: Int, _ bias: Int) -> Float {
    let exponent = Int(pattern) >> mantissaBits
    let mantissa = Float(Int(pattern) & ((1 << mantissaBits) - 1)) / Float(1 << mantissaBits)
    // Subnormal numbers have the exponent of the smallest normal ones.
    let scale = Float(sign: .plus, exponent: max(exponent, 1) - bias, significand: 1)
    return scale * (exponent == 0 ? mantissa : 1 + mantissa)
  }

  /// The nearest pattern, halves to the even one.
  ///
  /// - Parameter saturates: whether what is too large becomes the largest number; otherwise infinity, or NaN where there
  ///   is none
  public func pattern(_ value: Float, saturates: Bool) -> UInt8 {
    if value.isNaN { return nan }
    let sign: UInt8 = value.sign == .minus ? 0x80 : 0
    let magnitude = value.magnitude
    // The first pattern that is not below; one beyond the largest stands for all that overflows.
    let beyond = largest + 1
    func number(_ pattern: UInt8) -> Float { Self.magnitude(pattern, mantissaBits, bias) }
    var upper: UInt8 = 0
    while upper < beyond && number(upper) < magnitude { upper += 1 }
    var nearest = upper
    if upper > 0, number(upper) != magnitude {
      let (below, above) = (magnitude - number(upper - 1), number(upper) - magnitude)
      if below < above || (below == above && (upper - 1) & 1 == 0) { nearest = upper - 1 }
    }
    if nearest >= beyond || value.isInfinite {
      if saturates { return largest | sign }
      return infinity.map { $0 | sign } ?? (isUnsignedZero ? nan : nan | sign)
    }
    return nearest == 0 && isUnsignedZero ? 0 : nearest | sign
  }
}
