package import FileIO

/// Reads the tokens of JSON one after the other, where they lie: no value is kept but what the caller takes, so that a
/// text of any size takes no memory of its own.
///
/// It is strict: no commas too many, no duplicate keys, no control characters, only UTF-8, and nesting up to a limit.
/// Every method takes the bytes that the text lies in. Source: RFC 8259.
package struct JSONCursor {
  /// Deeper than any file of a model's.
  package static let mostLevels = 64

  /// Where the text ends.
  package let end: Int
  /// The longest string that is read, in bytes of UTF-8.
  let longestString: Int
  /// The next byte to be read.
  package var position: Int
  /// How many objects and arrays are open.
  private var depth = 0

  /// - Parameters:
  ///   - range: where the text lies within the bytes.
  ///   - longestString: the longest string that `string` gives, in bytes of UTF-8; the text's own size limits it anyway.
  package init(_ range: Range<Int>, longestString: Int = .max) {
    position = range.lowerBound
    end = range.upperBound
    self.longestString = longestString
  }

  /// The next byte, be it space; nil at the end.
  package func byte(_ bytes: RawSpan) -> UInt8? {
    position < end ? bytes.byte(at: position) : nil
  }

  /// The first byte behind space; nil at the end.
  package mutating func peek(_ bytes: RawSpan) -> UInt8? {
    while let next = byte(bytes) {
      guard next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 else { return next }
      position += 1
    }
    return nil
  }

  /// Moves behind space and a character, or fails.
  package mutating func require(_ character: Unicode.Scalar, _ bytes: RawSpan) throws(ScaleNetError) {
    guard peek(bytes) == UInt8(ascii: character) else { throw failure("'\(character)'", bytes) }
    position += 1
  }

  /// Moves behind a word such as `null`, or fails.
  package mutating func require(word: String, _ bytes: RawSpan) throws(ScaleNetError) {
    _ = peek(bytes)
    let start = position
    for character in word.utf8 {
      guard byte(bytes) == character else {
        position = start
        throw failure(word, bytes)
      }
      position += 1
    }
  }

  /// Fails if anything but space is left.
  package mutating func requireEnd(_ bytes: RawSpan) throws(ScaleNetError) {
    if peek(bytes) != nil { throw failure("the end of the text", bytes) }
  }

  /// Moves behind space and the bracket or brace that opens an array or object, or fails.
  package mutating func open(_ bracket: Unicode.Scalar, _ bytes: RawSpan) throws(ScaleNetError) {
    guard peek(bytes) == UInt8(ascii: bracket) else { throw failure("'\(bracket)'", bytes) }
    guard depth < Self.mostLevels else { throw failure("at most \(Self.mostLevels) levels", bytes) }
    depth += 1
    position += 1
  }

  /// Whether another element follows in what was opened, after moving behind the comma before it; moves behind the
  /// closing bracket if none does. The caller must then read an element, which none is that begins with a bracket that
  /// closes: so a comma too many is an error.
  package mutating func element(
    isFirst: Bool, closing: Unicode.Scalar = "]", _ bytes: RawSpan
  ) throws(ScaleNetError) -> Bool {
    let next = peek(bytes)
    if next == UInt8(ascii: closing) {
      position += 1
      depth -= 1
      return false
    }
    if isFirst { return true }
    guard next == UInt8(ascii: ",") else { throw failure("',' or '\(closing)'", bytes) }
    position += 1
    return true
  }

  /// The next key of an object that was opened, after moving behind the colon; nil behind the closing brace.
  ///
  /// - Parameter keys: those read before. Keys must differ, as Unicode compares them.
  package mutating func key(_ keys: inout Set<String>, _ bytes: RawSpan) throws(ScaleNetError) -> String? {
    guard try element(isFirst: keys.isEmpty, closing: "}", bytes) else { return nil }
    let next = peek(bytes)
    guard next == UInt8(ascii: "\"") else {
      throw failure(next == UInt8(ascii: "}") ? "a value" : "a key", bytes)
    }
    let start = position
    let key = try string(bytes)
    guard keys.insert(key).inserted else {
      position = start
      throw failure("keys that differ", bytes)
    }
    try require(":", bytes)
    return key
  }

  /// A failure at this position; what is found there is quoted.
  package func failure(_ expected: String, _ bytes: RawSpan) -> ScaleNetError {
    ScaleNetError(offset: position, expected: expected, found: rest(bytes))
  }

  /// The next characters, for messages.
  private func rest(_ bytes: RawSpan) -> String {
    guard position < end else { return "the end" }
    let next = bytes.extracting(position..<min(position + 24, end))
    return "'\(next.repairedText().escapedForMessage)'"
  }
}
