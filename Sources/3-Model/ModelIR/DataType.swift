/// The element type of a tensor.
public enum DataType: String, Sendable, Hashable, CaseIterable {
  /// Floating-point numbers; bfloat16 is the upper half of a float32.
  case float16, bfloat16, float32, float64
  /// Integers with a sign, in two's complement.
  case int8, int16, int32, int64
  /// Integers without a sign.
  case uint8, uint16, uint32, uint64
  /// A byte, 0 or 1.
  case bool
  /// Pairs of float32 or float64, the real part first. They are carried, never computed with.
  case complex64, complex128
  // Types that quantized numbers are kept in: they are moved, converted, quantized and dequantized, and no operator
  // computes with them. Tensors have one element of these in each byte, whatever they are packed to in a file: integers
  // as int8 and uint8, four bits of a number as the lower half.
  /// 4 bits of exponent and 3 of mantissa, without infinities (ONNX's names are those of Micikevicius et al. 2022).
  case float8E4M3FN = "float8_e4m3fn"
  /// The same with one zero and another bias (Noune et al. 2022).
  case float8E4M3FNUZ = "float8_e4m3fnuz"
  /// 5 bits of exponent and 2 of mantissa: the upper half of a float16.
  case float8E5M2 = "float8_e5m2"
  /// 5 bits of exponent and 2 of mantissa, without infinities, with one zero and another bias.
  case float8E5M2FNUZ = "float8_e5m2fnuz"
  /// 8 bits of exponent and nothing else: powers of two, the scales of blocks.
  case float8E8M0 = "float8_e8m0fnu"
  /// A sign, 2 bits of exponent and 1 of mantissa: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
  case float4E2M1 = "float4_e2m1fn"
  /// Integers of 4 bits, one in each byte.
  case int4, uint4
  /// Integers of 2 bits, one in each byte.
  case int2, uint2

  /// Bytes per element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool, .int4, .uint4, .int2, .uint2, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2,
      .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64, .complex64: 8
    case .complex128: 16
    }
  }

  /// Whether the values are real floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// Whether the values are real floating-point numbers of eight bits or fewer.
  public var isSmallFloat: Bool { SmallFloat(self) != nil }

  /// Whether the values are real floating-point numbers of any width.
  public var isReal: Bool { isFloatingPoint || isSmallFloat }

  /// Whether the values are integers of four or two bits.
  public var isSmallInteger: Bool { smallIntegerBits != nil }

  /// The bits of an integer that has fewer than eight; nil for other types.
  public var smallIntegerBits: Int? {
    switch self {
    case .int4, .uint4: 4
    case .int2, .uint2: 2
    default: nil
    }
  }

  /// How many bits an element takes where files pack several into a byte; nil where they take whole bytes.
  public var packedBits: Int? { self == .float4E2M1 ? 4 : smallIntegerBits }

  /// Whether the values are integers, with or without a sign. Booleans are none.
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
    case .float16, .bfloat16, .float32, .float64, .bool, .complex64, .complex128, .int4, .uint4, .int2,
      .uint2,
      .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      false
    }
  }

  /// Whether the values are integers with a sign.
  public var isSignedInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64: true
    case .uint8, .uint16, .uint32, .uint64, .float16, .bfloat16, .float32, .float64, .bool, .complex64,
      .complex128, .int4, .uint4, .int2, .uint2, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
      .float8E8M0, .float4E2M1:
      false
    }
  }

  /// The least and the greatest number of an integer type, as far as Double holds them.
  package var integerRange: ClosedRange<Double> {
    let count = Double(sign: .plus, exponent: smallIntegerBits ?? 8 * byteCount, significand: 1)
    let isSigned = isSignedInteger || self == .int4 || self == .int2
    return isSigned ? -count / 2...count / 2 - 1 : 0...count - 1
  }
}
