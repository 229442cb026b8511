import ModelIR

/// numpy's array protocol codes of element types, as `<f4`: byte order, kind, bytes.
enum ElementType {
  private static let codes: [(DataType, String)] = [
    (.float16, "f2"), (.float32, "f4"), (.float64, "f8"),
    (.int8, "i1"), (.int16, "i2"), (.int32, "i4"), (.int64, "i8"),
    (.uint8, "u1"), (.uint16, "u2"), (.uint32, "u4"), (.uint64, "u8"),
    (.bool, "b1"), (.complex64, "c8"), (.complex128, "c16"),
  ]

  /// The type of a code and whether it is little-endian; nil if it is none that the library has. A type of one byte
  /// has no order (`|`), every other has one.
  static func parse(_ code: String) -> (DataType, Bool)? {
    guard let order = code.first, let type = codes.first(where: { $0.1 == code.dropFirst() })?.0 else {
      return nil
    }
    switch order {
    case "<": return (type, true)
    case ">": return (type, false)
    case "|": return type.byteCount == 1 ? (type, true) : nil
    default: return nil
    }
  }

  /// The little-endian code of a type; nil if numpy has no such type.
  static func code(of type: DataType) -> String? {
    codes.first { $0.0 == type }.map { (type.byteCount == 1 ? "|" : "<") + $0.1 }
  }
}
