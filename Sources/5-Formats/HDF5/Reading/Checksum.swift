import FileIO

/// The checksums of the format: Jenkins' lookup3 (2006, public domain algorithm) over metadata, and Fletcher-32 over
/// chunks.
enum Checksum {
  /// Fails unless the four bytes at the cursor are the checksum of `range`.
  static func verify(_ file: HDF5File, _ range: Range<Int>, in cursor: inout Cursor) throws(ScaleNetError) {
    let start = cursor.position
    let stored = UInt32(try cursor.integer(size: 4))
    let computed = lookup3(file.bytes(range))
    guard stored == computed else {
      throw .malformed(
        path: file.path, structure: cursor.structure, offset: start,
        expected: "checksum " + String(computed, radix: 16), found: String(stored, radix: 16))
    }
  }

  static func lookup3(_ bytes: [UInt8]) -> UInt32 {
    var a = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
    var b = a
    var c = a
    func word(_ offset: Int) -> UInt32 {
      var value: UInt32 = 0
      for index in 0..<4 where offset + index < bytes.count {
        value |= UInt32(bytes[offset + index]) << (8 * UInt32(index))
      }
      return value
    }
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    var offset = 0
    while bytes.count - offset > 12 {
      a &+= word(offset)
      b &+= word(offset + 4)
      c &+= word(offset + 8)
      a &-= c
      a ^= rotated(c, 4)
      c &+= b
      b &-= a
      b ^= rotated(a, 6)
      a &+= c
      c &-= b
      c ^= rotated(b, 8)
      b &+= a
      a &-= c
      a ^= rotated(c, 16)
      c &+= b
      b &-= a
      b ^= rotated(a, 19)
      a &+= c
      c &-= b
      c ^= rotated(b, 4)
      b &+= a
      offset += 12
    }
    guard offset < bytes.count else { return c }
    a &+= word(offset)
    b &+= word(offset + 4)
    c &+= word(offset + 8)
    c ^= b
    c &-= rotated(b, 14)
    a ^= c
    a &-= rotated(c, 11)
    b ^= a
    b &-= rotated(a, 25)
    c ^= b
    c &-= rotated(b, 16)
    a ^= c
    a &-= rotated(c, 4)
    b ^= a
    b &-= rotated(a, 14)
    c ^= b
    c &-= rotated(b, 24)
    return c
  }

  /// Fletcher's checksum over big-endian 16-bit words; an odd last byte is the upper half of one.
  static func fletcher32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var low: UInt32 = 0
    var high: UInt32 = 0
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let next = index + 1 < bytes.endIndex ? UInt32(bytes[index + 1]) : 0
      low = (low + (UInt32(bytes[index]) << 8 | next)) % 65535
      high = (high + low) % 65535
      index += 2
    }
    return high << 16 | low
  }
}
