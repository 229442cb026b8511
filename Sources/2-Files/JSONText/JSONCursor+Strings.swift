package import FileIO

extension JSONCursor {
  /// A string with its escapes resolved.
  ///
  /// - Parameter encoding: says for messages what it must be.
  package mutating func string(
    _ bytes: RawSpan, encoding: String = "UTF-8"
  ) throws(ScaleNetError) -> String {
    try require("\"", bytes)
    let start = position
    // What stands before the last escape, with escapes resolved, and where what stands behind it begins.
    var resolved: [UInt8] = []
    var run = start
    while true {
      guard let next = byte(bytes) else { throw failure("the end of a string", bytes) }
      guard resolved.count + (position - run) <= longestString else {
        position = start
        throw failure("a string of at most \(longestString) bytes", bytes)
      }
      switch next {
      case UInt8(ascii: "\""):
        guard let text = text(resolved, bytes.extracting(run..<position)) else {
          position = start
          throw failure(encoding, bytes)
        }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        bytes.extracting(run..<position).append(to: &resolved)
        position += 1
        resolved.append(contentsOf: String(try escape(bytes)).utf8)
        run = position
      case 0..<0x20:
        throw failure("no control characters in a string", bytes)
      default:
        position += 1
      }
    }
  }

  /// The text of both; nil if it is not UTF-8.
  private func text(_ resolved: [UInt8], _ rest: RawSpan) -> String? {
    if resolved.isEmpty {
      return rest.text()
    }
    var whole = resolved
    rest.append(to: &whole)
    return String(validating: whole, as: UTF8.self)
  }

  /// Where the content of a string without escapes lies, however long it is. Whether it is UTF-8 is not looked at.
  package mutating func plainString(_ bytes: RawSpan) throws(ScaleNetError) -> Range<Int> {
    try require("\"", bytes)
    let start = position
    while let next = byte(bytes) {
      if next == UInt8(ascii: "\"") {
        position += 1
        return start..<position - 1
      }
      if next == UInt8(ascii: "\\") || next < 0x20 { throw failure("a string without escapes", bytes) }
      position += 1
    }
    throw failure("the end of a string", bytes)
  }

  private mutating func escape(_ bytes: RawSpan) throws(ScaleNetError) -> Unicode.Scalar {
    guard let next = byte(bytes) else { throw failure("an escaped character", bytes) }
    position += 1
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(next)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default:
      position -= 1
      throw failure("an escape of JSON", bytes)
    }
    let high = try hexadecimal(bytes)
    if let scalar = Unicode.Scalar(high) { return scalar }
    // Half of a character beyond the first plane; the other half must follow.
    guard high < 0xdc00, byte(bytes) == UInt8(ascii: "\\") else {
      throw failure("a pair of surrogates", bytes)
    }
    position += 1
    guard byte(bytes) == UInt8(ascii: "u") else { throw failure("a pair of surrogates", bytes) }
    position += 1
    let low = try hexadecimal(bytes)
    guard (0xdc00...0xdfff).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw failure("a pair of surrogates", bytes) }
    return scalar
  }

  private mutating func hexadecimal(_ bytes: RawSpan) throws(ScaleNetError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let next = byte(bytes), let digit = Character(Unicode.Scalar(next)).hexDigitValue else {
        throw failure("four hexadecimal digits", bytes)
      }
      value = value << 4 + UInt32(digit)
      position += 1
    }
    return value
  }
}
