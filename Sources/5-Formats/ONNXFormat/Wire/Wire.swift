import FileIO

/// The encoding of protocol buffers: numbers of variable length, and tags.
///
/// Source: protobuf.dev/programming-guides/encoding.
enum Wire {
  /// Reads a varint and moves `position` behind it; nil if it does not end before `end` or is wider than 64 bits.
  static func varint(in bytes: RawSpan, at position: inout Int, end: Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes.byte(at: position)
      position += 1
      // The tenth byte holds the highest bit only.
      if shift == 63 && byte > 1 { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { return nil }
    }
    return nil
  }

  /// The bytes of a varint.
  static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }

  /// What stands before the contents of a length-delimited field: its tag and its length.
  static func header(field: Int, length: Int) -> [UInt8] {
    varint(UInt64(field) << 3 | 2) + varint(UInt64(length))
  }
}
