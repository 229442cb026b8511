extension HeaderScanner {
  /// A string. It must be UTF-8, and its control characters and halves of surrogate pairs as JSON has them.
  mutating func string(_ bytes: RawSpan) throws(SafetensorsError) -> String {
    try require("\"", bytes)
    let start = position
    var escapes = 0
    while let byte = byte(at: position, bytes), byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw failure("a string without bare control characters", rest(bytes)) }
      if byte == UInt8(ascii: "\\") {
        escapes += 1
        // What follows is no end of the string, whatever it is.
        position += 1
      }
      position += 1
    }
    guard position < end else {
      position = start
      throw failure("the closing quote of a string", "none")
    }
    let range = start..<position
    if escapes > 0 {
      position = start
      return try unescaped(range, bytes)
    }
    position += 1
    return try text(bytes.extracting(range), start: start)
  }

  /// A string with escapes. Moves behind its closing quote.
  private mutating func unescaped(_ range: Range<Int>, _ bytes: RawSpan) throws(SafetensorsError) -> String {
    var result: [UInt8] = []
    // No escape is shorter than what it stands for.
    result.reserveCapacity(range.count)
    while position < range.upperBound, let byte = byte(at: position, bytes) {
      if byte == UInt8(ascii: "\\") {
        result.append(contentsOf: String(try escape(bytes)).utf8)
      } else {
        result.append(byte)
        position += 1
      }
    }
    position = range.upperBound + 1
    return unsafe try text(result.span.bytes, start: range.lowerBound)
  }

  private func text(_ content: RawSpan, start: Int) throws(SafetensorsError) -> String {
    guard let text = unsafe content.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }) else {
      throw failure("a string of UTF-8", "one from byte \(start) on that is not")
    }
    return text
  }

  /// One escape, or two that are a surrogate pair.
  private mutating func escape(_ bytes: RawSpan) throws(SafetensorsError) -> Unicode.Scalar {
    let start = position
    position += 2
    switch byte(at: start + 1, bytes) {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      if let unit = hexadecimal(bytes) {
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if UTF16.isLeadSurrogate(unit), byte(at: position, bytes) == UInt8(ascii: "\\"),
          byte(at: position + 1, bytes) == UInt8(ascii: "u")
        {
          position += 2
          if let trail = hexadecimal(bytes), UTF16.isTrailSurrogate(trail),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit & 0x3ff) << 10 | UInt32(trail & 0x3ff)))
          {
            return scalar
          }
        }
      }
    default: break
    }
    position = start
    throw failure("an escape of JSON", rest(bytes))
  }

  /// Four hexadecimal digits; nil if there are none such.
  private mutating func hexadecimal(_ bytes: RawSpan) -> UInt16? {
    var value: UInt16 = 0
    for index in position..<position + 4 {
      guard let byte = byte(at: index, bytes),
        let digit = Character(Unicode.Scalar(byte)).hexDigitValue
      else { return nil }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }
}
