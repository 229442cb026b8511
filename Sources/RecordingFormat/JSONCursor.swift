/// Reads the tokens of JSON (RFC 8259) in a mapped file one after the other: no value is kept but what the caller takes.
///
/// Every method takes the bytes of the file.
struct JSONCursor {
  let path: String
  /// Where the text ends.
  let end: Int
  /// The next byte to be read.
  var position = 0
  /// Where in the document this is, for messages.
  var place = ""

  init(path: String, end: Int) {
    self.path = path
    self.end = end
  }

  /// The next byte; nil at the end.
  func byte(_ bytes: RawSpan) -> UInt8? {
    position < end ? unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self) : nil
  }

  /// The first byte behind space; nil at the end.
  mutating func peek(_ bytes: RawSpan) -> UInt8? {
    while let next = byte(bytes) {
      guard next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 else { return next }
      position += 1
    }
    return nil
  }

  /// Moves behind space and a character, or fails.
  mutating func require(_ character: Unicode.Scalar, _ bytes: RawSpan) throws(RecordingError) {
    guard peek(bytes) == UInt8(ascii: character) else { throw failure("'\(character)'", bytes) }
    position += 1
  }

  /// Fails if anything but space is left.
  mutating func requireEnd(_ bytes: RawSpan) throws(RecordingError) {
    if peek(bytes) != nil { throw failure("the end of the text", bytes) }
  }

  /// Whether another element of an array follows, after moving behind the comma before it; moves behind the bracket
  /// if none does. The opening bracket was read.
  mutating func element(isFirst: Bool, closing: Unicode.Scalar = "]", _ bytes: RawSpan) throws(RecordingError)
    -> Bool
  {
    let next = peek(bytes)
    if next == UInt8(ascii: closing) {
      position += 1
      return false
    }
    if isFirst { return true }
    guard next == UInt8(ascii: ",") else { throw failure("',' or '\(closing)'", bytes) }
    position += 1
    // A comma before the bracket is no JSON.
    if peek(bytes) == UInt8(ascii: closing) { throw failure("a value", bytes) }
    return true
  }

  /// Reads an object, `body` its values. Keys must differ.
  mutating func object(
    _ bytes: RawSpan, _ body: (inout JSONCursor, _ key: String, RawSpan) throws(RecordingError) -> Void
  ) throws(RecordingError) {
    try require("{", bytes)
    let outer = place
    var keys = Set<String>()
    while try element(isFirst: keys.isEmpty, closing: "}", bytes) {
      guard peek(bytes) == UInt8(ascii: "\"") else { throw failure("a key", bytes) }
      let start = position
      let key = try string(bytes)
      guard keys.insert(key).inserted else {
        position = start
        throw failure("keys that differ", bytes)
      }
      try require(":", bytes)
      try body(&self, key, bytes)
      place = outer
    }
  }

  /// Reads an array, `body` its elements.
  mutating func array(
    _ bytes: RawSpan, _ body: (inout JSONCursor, _ index: Int, RawSpan) throws(RecordingError) -> Void
  ) throws(RecordingError) {
    try require("[", bytes)
    let outer = place
    var index = 0
    while try element(isFirst: index == 0, bytes) {
      try body(&self, index, bytes)
      place = outer
      index += 1
    }
  }

  /// Moves behind a string, a number or null, whose value does not matter.
  mutating func skipScalar(_ bytes: RawSpan) throws(RecordingError) {
    switch peek(bytes) {
    case UInt8(ascii: "\""): _ = try string(bytes)
    case UInt8(ascii: "n"): try word("null", bytes)
    default: _ = try number(bytes)
    }
  }

  private mutating func word(_ word: String, _ bytes: RawSpan) throws(RecordingError) {
    let start = position
    for character in word.utf8 {
      guard byte(bytes) == character else {
        position = start
        throw failure(word, bytes)
      }
      position += 1
    }
  }

  /// An error at this position; what is found there is quoted.
  func failure(_ expected: String, _ bytes: RawSpan) -> RecordingError {
    let rest = unsafe bytes.extracting(min(position, end)..<min(position + 16, end)).withUnsafeBytes {
      unsafe Array($0)
    }
    return failure(expected, found: rest.isEmpty ? "the end" : "'\(String(decoding: rest, as: UTF8.self))'")
  }

  func failure(_ expected: String, found: String) -> RecordingError {
    .content(path: path, offset: position, place: place, expected: expected, found: found)
  }
}
