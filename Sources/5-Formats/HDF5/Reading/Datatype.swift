import FileIO
import ModelIR

/// The type of stored elements.
///
/// Format: section IV.A.2.d.
enum Datatype {
  /// Numbers that tensors hold.
  case number(DataType, isLittleEndian: Bool)
  /// Strings of a fixed number of bytes.
  case fixedString(size: Int, isSpacePadded: Bool)
  /// Strings that lie in a global heap.
  case variableString
  /// Bytes without a meaning.
  case opaque(size: Int)
  /// Anything else: its class, and the bytes of an element.
  case other(String, size: Int)

  private static let classNames = [
    "fixed-point", "floating-point", "time", "string", "bit field", "opaque", "compound", "reference",
    "enumeration", "variable-length", "array",
  ]

  /// The number of bytes of an element.
  var size: Int {
    switch self {
    case .number(let type, _): type.byteCount
    case .fixedString(let size, _): size
    case .variableString: 16
    case .opaque(let size): size
    case .other(_, let size): size
    }
  }

  var description: String {
    switch self {
    case .number(let type, _): type.rawValue
    case .fixedString, .variableString: "strings"
    case .opaque: "bytes without a meaning"
    case .other(let text, _): text
    }
  }

  init(_ cursor: inout Cursor) throws(ScaleNetError) {
    let first = try cursor.byte()
    guard (1...4).contains(first >> 4) else {
      throw cursor.failure("version 1 to 4 of a data type", "version \(first >> 4)")
    }
    let bits = try cursor.integer(size: 3)
    let size = try cursor.word()
    let kind = first & 0x0f
    let name = kind < Self.classNames.count ? Self.classNames[kind] : "class \(kind)"
    switch kind {
    case 0:
      self = try Self.integer(bits, size, &cursor)
    case 1:
      self = try Self.float(bits, size, &cursor)
    case 3:
      guard size > 0 else { throw cursor.failure("strings of at least one byte", size) }
      self = .fixedString(size: size, isSpacePadded: bits & 0x0f == 2)
    case 9 where bits & 0x0f == 1:
      guard size == 16 else { throw cursor.failure("references of 16 bytes", size) }
      self = .variableString
    case 5:
      self = .opaque(size: size)
    default:
      self = .other("a \(name) type", size: size)
    }
  }

  private static func integer(_ bits: UInt64, _ size: Int, _ cursor: inout Cursor) throws(ScaleNetError)
    -> Datatype
  {
    let offset = try cursor.short()
    let precision = try cursor.short()
    let isSigned = bits & 0x08 != 0
    let types: [Int: DataType] =
      isSigned
      ? [1: .int8, 2: .int16, 4: .int32, 8: .int64] : [1: .uint8, 2: .uint16, 4: .uint32, 8: .uint64]
    guard let type = types[size], offset == 0, precision == 8 * size else {
      return .other("\(precision) bits at bit \(offset) of \(size)-byte integers", size: size)
    }
    return .number(type, isLittleEndian: bits & 1 == 0)
  }

  /// IEEE 754 binary16, binary32 and binary64, and bfloat16.
  private static func float(_ bits: UInt64, _ size: Int, _ cursor: inout Cursor) throws(ScaleNetError)
    -> Datatype
  {
    let offset = try cursor.short()
    let precision = try cursor.short()
    let exponentLocation = try cursor.byte()
    let exponentSize = try cursor.byte()
    let mantissaLocation = try cursor.byte()
    let mantissaSize = try cursor.byte()
    let bias = try cursor.word()
    // The implied leading bit, and where the sign is.
    let normalization = (bits >> 4) & 3
    let sign = Int((bits >> 8) & 0xff)
    let isStandard =
      offset == 0 && precision == 8 * size && mantissaLocation == 0 && exponentLocation == mantissaSize
      && sign == 8 * size - 1 && normalization == 2 && bits & 0x40 == 0
    let type: DataType? =
      switch (size, exponentSize, mantissaSize, bias) {
      case (2, 5, 10, 15): .float16
      case (2, 8, 7, 127): .bfloat16
      case (4, 8, 23, 127): .float32
      case (8, 11, 52, 1023): .float64
      default: nil
      }
    guard let type, isStandard else { return .other("floating-point numbers not of IEEE 754", size: size) }
    return .number(type, isLittleEndian: bits & 1 == 0)
  }
}
