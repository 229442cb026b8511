extension Mutator {
  /// Changes JSON, or a literal of Python: its words, or where they stand.
  mutating func changedText(_ input: [UInt8]) -> [UInt8] {
    let tokens = Self.tokens(input)
    // A part in brackets goes elsewhere.
    if chance(4), let part = balanced(tokens) {
      var moved = tokens
      let copy = Array(tokens[part])
      if chance(2) { moved.removeSubrange(part) }
      moved.insert(contentsOf: copy, at: below(moved.count + 1))
      return moved.flatMap { $0 }
    }
    let texts = tokens.filter { $0.first == UInt8(ascii: "\"") || $0.first == UInt8(ascii: "'") }
    return changed(tokens) { mutator, old in mutator.token(old, texts) }.flatMap { $0 }
  }

  private mutating func token(_ old: [UInt8]?, _ texts: [[UInt8]]) -> [UInt8] {
    let isText = old?.first == UInt8(ascii: "\"") || old?.first == UInt8(ascii: "'")
    if isText, let old, old.count > 120, chance(2), let array = changedBase64(old) { return array }
    if isText || chance(4), !texts.isEmpty, chance(2) { return element(texts) }
    if let old, old.count > 2, chance(3) { return plainlyChanged(old, limit: old.count + 16) }
    return Array(element(Self.words).utf8)
  }

  /// A text of an array in base 64 stays one.
  private mutating func changedBase64(_ text: [UInt8]) -> [UInt8]? {
    guard let array = Base64Text.decode(text.dropFirst().dropLast()), array.starts(with: NumPyHeader.magic)
    else {
      return nil
    }
    return [UInt8(ascii: "\"")] + Base64Text.encode(changedArray(array)) + [UInt8(ascii: "\"")]
  }

  private static let words =
    [
      "{", "}", "[", "]", ",", ":", " ", "\n", "true", "false", "null", "NaN", "Infinity", "-Infinity",
      "True", "None",
    ]
    + [
      "0", "-0", "1", "-1", "2", "7", "56", "224", "255", "256", "65536", "2147483648", "4294967296", "0.5",
      "1.0",
    ]
    + [
      "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e308", "1e-400", "1e999", "00",
      "1.",
    ]
    + [
      "0.1234567890123456789012345", "12345678901234567890123", "\"\"", "\"\\u0000\"", "\"\\ud800\"",
      "\"\\u00e9\"",
    ]
    + [
      "\"same\"", "\"valid\"", "\"relu\"", "\"float32\"", "\"int64\"", "\"F32\"", "\"BF16\"",
      "\"channels_first\"",
    ]
    + [
      "'<f4'", "'>i8'", "'|b1'", "'<c16'", "'|O'", "()", "(1,)", "(2, 3)", "[[]]", "[[\"input\", 0, 0, {}]]",
    ]

  /// The words of a text: texts in quotes, numbers and names, spaces, and everything else by itself.
  static func tokens(_ bytes: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var position = 0
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2b, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
    while position < bytes.count {
      let start = position
      let first = bytes[position]
      position += 1
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        while position < bytes.count, bytes[position] != first {
          position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, bytes.count)
      } else if isWord(first) {
        while position < bytes.count, isWord(bytes[position]) { position += 1 }
      } else if first == 0x20 {
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
      }
      result.append(Array(bytes[start..<position]))
    }
    return result
  }

  /// Tokens from an opening bracket to its closing one.
  private mutating func balanced(_ tokens: [[UInt8]]) -> Range<Int>? {
    let openings = tokens.indices.filter { [[0x5b], [0x7b]].contains(tokens[$0]) }
    guard !openings.isEmpty else { return nil }
    let start = element(openings)
    var depth = 0
    for index in start..<tokens.count {
      if [[0x5b], [0x7b]].contains(tokens[index]) { depth += 1 }
      if [[0x5d], [0x7d]].contains(tokens[index]) { depth -= 1 }
      if depth == 0 { return start..<index + 1 }
    }
    return nil
  }
}

/// Base 64 (RFC 4648), as arrays stand in JSON.
enum Base64Text {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for letter in text where letter != UInt8(ascii: "=") {
      guard let value = letters.firstIndex(of: letter) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < part.count ? UInt32(bytes[start + $1]) : 0) }
      for index in 0..<4 {
        result.append(
          index <= part.count ? letters[Int(bits >> UInt32(18 - 6 * index)) & 63] : UInt8(ascii: "="))
      }
    }
    return result
  }
}
