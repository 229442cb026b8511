/// The floating-point types of eight bits and fewer, by the rules of ONNX, of "FP8 formats for deep learning"
/// (Micikevicius et al., 2022) and of the Open Compute Project's "Microscaling formats" (2023).
public struct SmallFloat: Hashable, Sendable {
  /// How a power of two is chosen for a number between two of them. Raw values are ONNX's of `round_mode`.
  public enum PowerRounding: String, Hashable, Sendable, CaseIterable { case up, down, nearest }

  /// Bits of the mantissa; the exponent has the rest but the sign.
  let mantissaBits: Int
  let bias: Int
  /// The bit of the sign; 0 where there is none.
  let sign: UInt8
  /// Whether there is neither infinity nor a negative zero, whose pattern is NaN.
  let isUnsignedZero: Bool
  /// The largest finite pattern without a sign.
  let largest: UInt8
  /// NaN without a sign, or where there is one NaN alone, that; nil where there is none.
  let nan: UInt8?
  /// Infinity without a sign, if there is one.
  let infinity: UInt8?

  /// The format of an element type; nil for types of other widths.
  public init?(_ type: DataType) {
    sign = type == .float8E8M0 ? 0 : type == .float4E2M1 ? 0x8 : 0x80
    switch type {
    case .float8E4M3FN:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (3, 7, false, 0x7e, 0x7f, nil)
    case .float8E4M3FNUZ:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (3, 8, true, 0x7f, 0x80, nil)
    case .float8E5M2:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (2, 15, false, 0x7b, 0x7f, 0x7c)
    case .float8E5M2FNUZ:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (2, 16, true, 0x7f, 0x80, nil)
    case .float8E8M0:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (0, 127, false, 0xfe, 0xff, nil)
    case .float4E2M1:
      (mantissaBits, bias, isUnsignedZero, largest, nan, infinity) = (1, 1, false, 0x7, nil, nil)
    case .float16, .bfloat16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32,
      .uint64, .int4, .uint4, .int2, .uint2, .bool, .complex64, .complex128:
      return nil
    }
  }

  /// Whether the patterns are powers of two and nothing else.
  private var isPowersOnly: Bool { sign == 0 }

  /// The value of a pattern, which Float holds exactly.
  public func value(_ pattern: UInt8) -> Float {
    if isPowersOnly {
      return pattern == nan ? .nan : Float(sign: .plus, exponent: Int(pattern) - bias, significand: 1)
    }
    let unsigned = pattern & (sign - 1)
    if isUnsignedZero ? pattern == nan : unsigned > largest && unsigned != infinity { return .nan }
    let magnitude = unsigned == infinity ? .infinity : magnitude(unsigned)
    return pattern & sign != 0 ? -magnitude : magnitude
  }

  private func magnitude(_ pattern: UInt8) -> Float {
    let exponent = Int(pattern) >> mantissaBits
    let mantissa = Float(Int(pattern) & ((1 << mantissaBits) - 1)) / Float(1 << mantissaBits)
    // Subnormal numbers have the exponent of the smallest normal ones.
    let scale = Float(sign: .plus, exponent: max(exponent, 1) - bias, significand: 1)
    return scale * (exponent == 0 ? mantissa : 1 + mantissa)
  }

  /// The nearest pattern, halves to the even one.
  ///
  /// - Parameters:
  ///   - saturates: whether what is too large becomes the largest number; otherwise infinity, or NaN where there
  ///     is none. Numbers of four bits saturate in any case, as they have neither.
  ///   - powerRounding: how powers of two are chosen, for the type that has nothing else.
  public func pattern(_ value: Float, saturates: Bool, powerRounding: PowerRounding = .up) -> UInt8 {
    if isPowersOnly { return power(value, saturates: saturates, powerRounding) }
    // Of types without NaN ml_dtypes, by which onnx's own tests are made, gives negative zero.
    if value.isNaN { return nan ?? sign }
    let signBit: UInt8 = value.sign == .minus ? sign : 0
    let magnitude = value.magnitude
    // The first pattern that is not below; one beyond the largest stands for all that overflows.
    let beyond = largest + 1
    var upper: UInt8 = 0
    while upper < beyond && self.magnitude(upper) < magnitude { upper += 1 }
    var nearest = upper
    if upper > 0, self.magnitude(upper) != magnitude {
      let (below, above) = (magnitude - self.magnitude(upper - 1), self.magnitude(upper) - magnitude)
      if below < above || (below == above && (upper - 1) & 1 == 0) { nearest = upper - 1 }
    }
    if nearest >= beyond || value.isInfinite {
      guard !saturates, let nan else { return largest | signBit }
      return infinity.map { $0 | signBit } ?? (isUnsignedZero ? nan : nan | signBit)
    }
    return nearest == 0 && isUnsignedZero ? 0 : nearest | signBit
  }

  /// The exponent of a float32, moved by its mantissa; its sign is dropped.
  private func power(_ value: Float, saturates: Bool, _ rounding: PowerRounding) -> UInt8 {
    guard value.isFinite else { return 0xff }
    let bits = value.magnitude.bitPattern
    let (exponent, mantissa) = (UInt8(bits >> 23), bits & 0x7f_ffff)
    let isMoved =
      switch rounding {
      case .up: mantissa > 0
      case .down: false
      // Halves go up, but for what lies between 0 and the least power, whose even neighbour is below.
      case .nearest: mantissa > 0x40_0000 || mantissa == 0x40_0000 && exponent > 0
      }
    return exponent == largest && saturates || !isMoved ? exponent : exponent + 1
  }
}
