import FileIO
import JSONText

/// The cursor in a file of recorded outputs. It knows the file and the place in the document, for messages.
struct RecordingCursor {
  /// Names and other texts are shorter.
  private static let longestString = 1 << 20

  let path: String
  /// Where in the document this is.
  var place = ""
  private var text: JSONCursor

  init(path: String, end: Int) {
    self.path = path
    text = JSONCursor(0..<end, longestString: Self.longestString)
  }

  /// The next byte to be read.
  var position: Int {
    get { text.position }
    set { text.position = newValue }
  }

  /// Where the file ends.
  var end: Int { text.end }

  mutating func peek(_ bytes: RawSpan) -> UInt8? { text.peek(bytes) }

  mutating func open(_ bracket: Unicode.Scalar, _ bytes: RawSpan) throws(ScaleNetError) {
    try take { (text) throws(ScaleNetError) in try text.open(bracket, bytes) }
  }

  mutating func element(isFirst: Bool, _ bytes: RawSpan) throws(ScaleNetError) -> Bool {
    try take { (text) throws(ScaleNetError) in try text.element(isFirst: isFirst, bytes) }
  }

  /// The next key of an object that was opened; nil behind its end.
  mutating func key(_ keys: inout Set<String>, _ bytes: RawSpan) throws(ScaleNetError) -> String? {
    do throws(ScaleNetError) { return try text.key(&keys, bytes) } catch { throw wrapped(error) }
  }

  mutating func requireEnd(_ bytes: RawSpan) throws(ScaleNetError) {
    try take { (text) throws(ScaleNetError) in try text.requireEnd(bytes) }
  }

  mutating func string(_ bytes: RawSpan) throws(ScaleNetError) -> String {
    try take { (text) throws(ScaleNetError) in try text.string(bytes) }
  }

  /// Where the content of a string without escapes lies, however long it is.
  mutating func plainString(_ bytes: RawSpan) throws(ScaleNetError) -> Range<Int> {
    try take { (text) throws(ScaleNetError) in try text.plainString(bytes) }
  }

  /// A number, which need not be finite.
  mutating func number(_ bytes: RawSpan) throws(ScaleNetError) -> JSONCursor.Number {
    try take { (text) throws(ScaleNetError) in try text.number(bytes, allowsNonFinite: true) }
  }

  /// Reads an object, `body` its values. Keys must differ.
  mutating func object(
    _ bytes: RawSpan, _ body: (inout RecordingCursor, _ key: String, RawSpan) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    try open("{", bytes)
    let outer = place
    var keys = Set<String>()
    while let key = try key(&keys, bytes) {
      try body(&self, key, bytes)
      place = outer
    }
  }

  /// Reads an array, `body` its elements.
  mutating func array(
    _ bytes: RawSpan, _ body: (inout RecordingCursor, _ index: Int, RawSpan) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    try open("[", bytes)
    let outer = place
    var index = 0
    while try element(isFirst: index == 0, bytes) {
      try body(&self, index, bytes)
      place = outer
      index += 1
    }
  }

  /// Moves behind a string, a number, a truth value or null, whose value does not matter.
  mutating func skipScalar(_ bytes: RawSpan) throws(ScaleNetError) {
    switch peek(bytes) {
    case UInt8(ascii: "\""): _ = try string(bytes)
    case UInt8(ascii: "t"): try skip(word: "true", bytes)
    case UInt8(ascii: "f"): try skip(word: "false", bytes)
    // `nan` is a number.
    case UInt8(ascii: "n") where position + 1 < end && byte(position + 1, bytes) == UInt8(ascii: "u"):
      try skip(word: "null", bytes)
    default: _ = try number(bytes)
    }
  }

  private mutating func skip(word: String, _ bytes: RawSpan) throws(ScaleNetError) {
    try take { (text) throws(ScaleNetError) in try text.require(word: word, bytes) }
  }

  private func byte(_ offset: Int, _ bytes: RawSpan) -> UInt8 {
    bytes.byte(at: offset)
  }

  /// An error at this position; what is found there is quoted.
  func failure(_ expected: String, _ bytes: RawSpan) -> ScaleNetError {
    wrapped(text.failure(expected, bytes))
  }

  func failure(_ expected: String, found: String) -> ScaleNetError {
    wrapped(ScaleNetError(offset: position, expected: expected, found: found))
  }

  private mutating func take<Value>(
    _ body: (inout JSONCursor) throws(ScaleNetError) -> Value
  ) throws(ScaleNetError) -> Value {
    do throws(ScaleNetError) { return try body(&text) } catch { throw wrapped(error) }
  }

  private func wrapped(_ failure: ScaleNetError) -> ScaleNetError {
    guard let offset = failure.offset, let expected = failure.expected, let found = failure.found else {
      return failure.inFile(path)
    }
    return .content(path: path, offset: offset, place: place, expected: expected, found: found)
  }
}

extension ScaleNetError {
  /// The text of a recording is not what such a file has at this place. `place` is where in the document, `offset` where
  /// in the file.
  static func content(
    path: String, offset: Int, place: String, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: (place.isEmpty ? "" : place.escapedForMessage + ": ") + "byte \(offset)",
      expected: expected, found: found.escapedForMessage)
  }
}
