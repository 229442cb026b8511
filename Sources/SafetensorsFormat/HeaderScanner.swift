/// Reads the tokens of JSON that a header has: strings, whole numbers and punctuation.
///
/// Every method takes the bytes of the file. Source: RFC 8259.
struct HeaderScanner {
  private let path: String
  /// Where the text ends.
  let end: Int
  /// The next byte to be read.
  var position: Int

  /// - Parameter range: where the text lies within the file.
  init(path: String, range: Range<Int>) {
    self.path = path
    position = range.lowerBound
    end = range.upperBound
  }

  /// The byte at `index`, which lies within the text; nil at its end.
  func byte(at index: Int, _ bytes: RawSpan) -> UInt8? {
    index < end ? unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) : nil
  }

  /// Moves behind a character, or fails. No space may stand before it.
  mutating func requireFirst(_ character: Unicode.Scalar, _ bytes: RawSpan) throws(SafetensorsError) {
    guard byte(at: position, bytes) == UInt8(ascii: character) else {
      throw failure("'\(character)'", rest(bytes))
    }
    position += 1
  }

  /// Moves behind space and a character, or fails.
  mutating func require(_ character: Unicode.Scalar, _ bytes: RawSpan) throws(SafetensorsError) {
    skipSpace(bytes)
    try requireFirst(character, bytes)
  }

  /// Fails if anything but space is left.
  mutating func requireEnd(_ bytes: RawSpan) throws(SafetensorsError) {
    skipSpace(bytes)
    guard position == end else { throw failure("spaces to the header's end", rest(bytes)) }
  }

  /// The next key of an object whose opening brace was read, and its colon; nil behind the closing brace.
  mutating func key(isFirst: Bool, _ bytes: RawSpan) throws(SafetensorsError) -> String? {
    guard try separator(isFirst: isFirst, closing: "}", bytes) else { return nil }
    let key = try string(bytes)
    try require(":", bytes)
    return key
  }

  /// An array of at most `limit` numbers that fit `Int`.
  ///
  /// - Parameter expected: says for messages how many there should be.
  mutating func wholeNumbers(
    _ expected: String, limit: Int, _ bytes: RawSpan
  ) throws(SafetensorsError) -> [Int] {
    try require("[", bytes)
    var numbers: [Int] = []
    while try separator(isFirst: numbers.isEmpty, closing: "]", bytes) {
      guard numbers.count < limit else { throw failure(expected, "more") }
      numbers.append(try wholeNumber(bytes))
    }
    return numbers
  }

  /// Whether another element follows: moves behind the comma before it, or behind the closing bracket.
  private mutating func separator(
    isFirst: Bool, closing: Unicode.Scalar, _ bytes: RawSpan
  ) throws(SafetensorsError) -> Bool {
    skipSpace(bytes)
    if byte(at: position, bytes) == UInt8(ascii: closing) {
      position += 1
      return false
    }
    if isFirst { return true }
    guard byte(at: position, bytes) == UInt8(ascii: ",") else {
      throw failure("a comma or '\(closing)'", rest(bytes))
    }
    position += 1
    return true
  }

  private mutating func wholeNumber(_ bytes: RawSpan) throws(SafetensorsError) -> Int {
    skipSpace(bytes)
    let start = position
    var value = 0
    while let byte = byte(at: position, bytes), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if overflow || overflow2 { throw failure("a number of less than 2^63", "more") }
      value = sum
      position += 1
    }
    let digits = position - start
    guard digits > 0, digits == 1 || byte(at: start, bytes) != UInt8(ascii: "0") else {
      position = start
      throw failure("a whole number", rest(bytes))
    }
    return value
  }

  mutating func skipSpace(_ bytes: RawSpan) {
    while let byte = byte(at: position, bytes), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  /// The next characters, for messages.
  func rest(_ bytes: RawSpan) -> String {
    guard position < end else { return "the end" }
    let next = bytes.extracting(position..<min(end, position + 24))
    let text = unsafe next.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    return "'\(text)'"
  }

  /// An error at the present place.
  func failure(_ expected: String, _ found: String) -> SafetensorsError {
    .header(path: path, offset: position, expected: expected, found: found)
  }
}
