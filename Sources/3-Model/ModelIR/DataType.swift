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
  // computes with them. Tensors have one element of these in each byte, int4 and uint4 as int8 and uint8.
  /// 4 bits of exponent and 3 of mantissa, without infinities (ONNX's names are those of Micikevicius et al. 2022).
  case float8E4M3FN = "float8_e4m3fn"
  /// The same with one zero and another bias (Noune et al. 2022).
  case float8E4M3FNUZ = "float8_e4m3fnuz"
  /// 5 bits of exponent and 2 of mantissa: the upper half of a float16.
  case float8E5M2 = "float8_e5m2"
  /// 5 bits of exponent and 2 of mantissa, without infinities, with one zero and another bias.
  case float8E5M2FNUZ = "float8_e5m2fnuz"
  /// Integers of 4 bits, one in each byte.
  case int4, uint4

  /// Bytes per element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool, .int4, .uint4, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: 1
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

  /// Whether the values are real floating-point numbers of eight bits.
  public var isFloat8: Bool { Float8(self) != nil }

  /// Whether the values are integers of four bits.
  public var isInt4: Bool { self == .int4 || self == .uint4 }

  /// Whether the values are integers, with or without a sign. Booleans are none.
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
    case .float16, .bfloat16, .float32, .float64, .bool, .complex64, .complex128, .int4, .uint4,
      .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ:
      false
    }
  }

  /// Whether the values are integers with a sign.
  public var isSignedInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64: true
    case .uint8, .uint16, .uint32, .uint64, .float16, .bfloat16, .float32, .float64, .bool, .complex64,
      .complex128, .int4, .uint4, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ:
      false
    }
  }
}
