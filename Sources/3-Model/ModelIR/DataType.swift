/// The element type of a tensor.
public enum DataType: String, Sendable, Hashable, CaseIterable {
  case float16, bfloat16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool
  case complex64, complex128

  /// Bytes per element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
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

  /// Whether the values are integers, with or without a sign. Booleans are none.
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
    case .float16, .bfloat16, .float32, .float64, .bool, .complex64, .complex128: false
    }
  }

  /// Whether the values are integers with a sign.
  public var isSignedInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64: true
    case .uint8, .uint16, .uint32, .uint64, .float16, .bfloat16, .float32, .float64, .bool, .complex64,
      .complex128:
      false
    }
  }
}
