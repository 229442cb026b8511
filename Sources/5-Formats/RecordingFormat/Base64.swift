import FileIO

// Safe: the memory has room for three bytes a group, less what is missing in the last, and as many are written.

/// Base64 with the alphabet and padding of RFC 4648, section 4, and no line breaks.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// What each byte stands for; 255 for none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return values
  }()

  /// The bytes that the text in `range` stands for.
  ///
  /// - Throws: an error with the offset of what is no Base64, and nothing of what is found there.
  static func decode(_ bytes: RawSpan, _ range: Range<Int>, origin: String) throws(ScaleNetError)
    -> ByteRegion
  {
    func byte(_ index: Int) -> UInt8 { bytes.byte(at: index) }
    guard range.count % 4 == 0 else {
      throw ScaleNetError(
        offset: range.upperBound, expected: "base64 in groups of four characters", found: "\(range.count)")
    }
    var missing = 0
    while missing < min(2, range.count), byte(range.upperBound - 1 - missing) == padding { missing += 1 }
    return unsafe try ByteRegion.allocate(origin: origin, count: range.count / 4 * 3 - missing) {
      target throws(ScaleNetError) in
      let values = values
      var written = 0
      var index = range.lowerBound
      while index < range.upperBound {
        let padded = index + 4 == range.upperBound ? missing : 0
        var group: UInt32 = 0
        for place in 0..<4 {
          let value = place < 4 - padded ? values[Int(byte(index + place))] : 0
          guard value < 64 else {
            throw ScaleNetError(
              offset: index + place, expected: "a character of base64", found: "byte \(byte(index + place))")
          }
          group = group << 6 | UInt32(value)
        }
        for place in 0..<3 - padded {
          unsafe target[written] = UInt8(truncatingIfNeeded: group >> (16 - 8 * UInt32(place)))
          written += 1
        }
        index += 4
      }
    }
  }

  /// The text of bytes, as ASCII.
  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var group: UInt32 = 0
      for place in 0..<3 { group = group << 8 | (place < count ? UInt32(bytes[index + place]) : 0) }
      for place in 0..<4 {
        text.append(place <= count ? alphabet[Int(group >> (18 - 6 * UInt32(place))) & 63] : padding)
      }
      index += 3
    }
    return text
  }
}
