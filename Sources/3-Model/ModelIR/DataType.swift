/// The element type of a tensor.
public enum DataType: String, Sendable, Hashable, CaseIterable {
  case float16, bfloat16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool
  case complex64, complex128
  // Types that quantized numbers are kept in: they are moved, converted, quantized and dequantized, and no operator
  // computes with them. Tensors have one element of these in each byte, int4 and uint4 as int8 and uint8.
  case float8E4M3FN = "float8_e4m3fn"
  case float8E4M3FNUZ = "float8_e4m3fnuz"
  case float8E5M2 = "float8_e5m2"
  case float8E5M2FNUZ = "float8_e5m2fnuz"
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
