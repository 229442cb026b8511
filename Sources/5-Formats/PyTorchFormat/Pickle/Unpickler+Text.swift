import FileIO

/// The opcodes whose operand is a line of text: those of protocol 0, and the names of classes.
extension Unpickler {
  /// Longer than the name of any class or function.
  static let longestName = 1_000

  /// A number or text that a line writes.
  mutating func textual(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ScaleNetError) -> PickleValue {
    let start = position
    let slice = try lineSlice(bytes, limit: bytes.byteCount)
    switch opcode {
    case .unicode: return hasEscape(slice, bytes) ? .opaque("a text with escapes") : .text(slice)
    case .string: return try quoted(slice, bytes)
    default:
      // A number: none that is read here takes as many digits.
      guard slice.count <= 64, let text = arena.string(slice) else {
        if opcode == .long { return .longInteger(slice) }
        throw malformed("a number", "a line of \(slice.count) bytes")
      }
      return try number(opcode, text, PickleSlice(offset: start, count: slice.count))
    }
  }

  private func number(
    _ opcode: PickleOpcode, _ text: String, _ slice: PickleSlice
  ) throws(ScaleNetError) -> PickleValue {
    if opcode == .float {
      guard let value = Double(text) else { throw malformed("a number", "'\(text.escapedForMessage)'") }
      return .real(value)
    }
    // Protocols before 2 write booleans as these two.
    if opcode == .integer, text == "00" || text == "01" { return .bool(text == "01") }
    let isLong = text.hasSuffix("L")
    let digits = isLong ? String(text.dropLast()) : text
    if let value = Int(digits) { return .integer(value) }
    guard digits.drop(while: { $0 == "-" }).allSatisfy(\.isNumber), !digits.isEmpty else {
      throw malformed("a number", "'\(text.escapedForMessage)'")
    }
    return .longInteger(PickleSlice(offset: slice.offset, count: digits.utf8.count))
  }

  /// The content of a text that Python's `repr` has quoted.
  private func quoted(_ slice: PickleSlice, _ bytes: RawSpan) throws(ScaleNetError) -> PickleValue {
    let quote: UInt8? = slice.count >= 2 ? bytes.littleEndian(at: slice.offset) : nil
    guard let quote, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
      bytes.littleEndian(at: slice.offset + slice.count - 1) == quote
    else { throw malformed("a text in quotes", "another line") }
    let content = PickleSlice(offset: slice.offset + 1, count: slice.count - 2)
    return hasEscape(content, bytes) ? .opaque("a text with escapes") : .text(content)
  }

  private func hasEscape(_ slice: PickleSlice, _ bytes: RawSpan) -> Bool {
    bytes.array(slice.offset..<slice.offset + slice.count).contains(UInt8(ascii: "\\"))
  }

  /// The number of a memo entry.
  func memoIndex(_ text: String) throws(ScaleNetError) -> UInt32 {
    guard let index = UInt32(text) else {
      throw malformed("the number of a memo entry", "'\(text.escapedForMessage)'")
    }
    return index
  }

  /// A line as text.
  mutating func line(_ bytes: RawSpan) throws(ScaleNetError) -> String {
    guard let text = arena.string(try lineSlice(bytes, limit: Self.longestName)) else {
      throw malformed("the name of a class or function", "bytes that are not UTF-8")
    }
    return text
  }

  /// Where a line lies, without its end; `position` is then behind that.
  private mutating func lineSlice(_ bytes: RawSpan, limit: Int) throws(ScaleNetError) -> PickleSlice {
    let start = position
    while position - start <= limit, let byte = bytes.littleEndian(at: position, as: UInt8.self) {
      position += 1
      if byte == 0x0a { return PickleSlice(offset: start, count: position - 1 - start) }
    }
    throw malformed("the name of a class or function", "no end of line")
  }
}
