/// Reads JSON (RFC 8259), strictly: no duplicate keys, no trailing commas, nothing behind the value, and nesting up to
/// a limit. The system's readers let the first two pass.
struct JSONParser {
  /// What is wrong, and where.
  struct Failure: Error {
    let offset: Int
    let expected: String
    let found: String
  }

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// Deeper than any model's configuration.
  private static let mostDepth = 64

  static func parse(_ text: [UInt8]) throws(Failure) -> JSON {
    var parser = JSONParser(bytes: text)
    let value = try parser.value()
    if parser.peek() != nil { throw parser.failure("the end of the text") }
    return value
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func value() throws(Failure) -> JSON {
    guard let first = peek() else { throw failure("a value") }
    switch first {
    case UInt8(ascii: "{"):
      return try nested { (parser) throws(Failure) in try parser.object() }
    case UInt8(ascii: "["):
      return try nested { (parser) throws(Failure) in try parser.array() }
    case UInt8(ascii: "\""):
      return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw failure("a value")
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws(Failure) -> JSON) throws(Failure) -> JSON {
    depth += 1
    guard depth <= Self.mostDepth else { throw failure("at most \(Self.mostDepth) levels") }
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(Failure) -> JSON {
    try take("{")
    var members: [JSON.Member] = []
    var keys = Set<String>()
    if peek() == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw failure("a key") }
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        position = start
        throw failure("keys that differ")
      }
      try take(":")
      members.append(JSON.Member(key: key, value: try value()))
      if peek() == UInt8(ascii: "}") { break }
      try take(",")
    }
    position += 1
    return .object(members)
  }

  private mutating func array() throws(Failure) -> JSON {
    try take("[")
    var values: [JSON] = []
    if peek() == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      values.append(try value())
      if peek() == UInt8(ascii: "]") { break }
      try take(",")
    }
    position += 1
    return .array(values)
  }

  private mutating func number() throws(Failure) -> JSON {
    let start = position
    _ = skip("-")
    let first = position
    let isWritten = skipDigits() && (position == first + 1 || bytes[first] != UInt8(ascii: "0"))
    var isWhole = true
    var isComplete = isWritten
    if skip(".") {
      isWhole = false
      isComplete = skipDigits() && isComplete
    }
    if skip("e") || skip("E") {
      isWhole = false
      if !skip("+") { _ = skip("-") }
      isComplete = skipDigits() && isComplete
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isComplete, isWhole, let value = Int(text) { return .integer(value) }
    if isComplete, let value = Double(text), value.isFinite { return .number(value) }
    position = start
    throw failure("a number in range")
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Whether there was at least one.
  private mutating func skipDigits() -> Bool {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    return position > start
  }

  private mutating func string() throws(Failure) -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    while true {
      guard position < bytes.count else { throw failure("the end of a string") }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 {
        position -= 1
        throw failure("no control characters in a string")
      }
      if byte == UInt8(ascii: "\\") { text += Array(String(try escape()).utf8) } else { text.append(byte) }
    }
    guard let result = String(validating: text, as: UTF8.self) else {
      position = start
      throw failure("UTF-8")
    }
    return result
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard position < bytes.count else { throw failure("an escaped character") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default:
      position -= 1
      throw failure("an escape of JSON")
    }
  }

  private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
    let high = try hexadecimal()
    guard 0xd800...0xdbff ~= high else {
      guard let scalar = Unicode.Scalar(high) else { throw failure("a pair of surrogates") }
      return scalar
    }
    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw failure("the second of a pair of surrogates") }
    position += 2
    let low = try hexadecimal()
    guard 0xdc00...0xdfff ~= low,
      let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw failure("the second of a pair of surrogates") }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard bytes.count - position >= 4,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits") }
    position += 4
    return value
  }

  private mutating func word(_ word: String, _ value: JSON) throws(Failure) -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) throws(Failure) {
    guard peek() == UInt8(ascii: character) else { throw failure(String(character)) }
    position += 1
  }

  private func failure(_ expected: String) -> Failure {
    guard position < bytes.count else {
      return Failure(offset: position, expected: expected, found: "the end")
    }
    return Failure(
      offset: position, expected: expected,
      found: String(decoding: bytes[position..<min(position + 16, bytes.count)], as: UTF8.self))
  }
}
