import FileIO
import JSONText

/// Reads the tokens of JSON that a header has: strings, whole numbers and punctuation.
///
/// Every method takes the bytes of the file.
struct HeaderScanner {
  private let path: String
  private var text: JSONCursor

  /// - Parameter range: where the text lies within the file.
  init(path: String, range: Range<Int>) {
    self.path = path
    text = JSONCursor(range)
  }

  /// Moves behind the brace that opens the header. No space may stand before it.
  mutating func openHeader(_ bytes: RawSpan) throws(ScaleNetError) {
    guard text.byte(bytes) == UInt8(ascii: "{") else { throw wrapped(text.failure("'{'", bytes)) }
    try open(bytes)
  }

  /// Moves behind space and the brace that opens an object, or fails.
  mutating func open(_ bytes: RawSpan) throws(ScaleNetError) {
    do throws(ScaleNetError) { try text.open("{", bytes) } catch { throw wrapped(error) }
  }

  /// Fails if anything but space is left.
  mutating func requireEnd(_ bytes: RawSpan) throws(ScaleNetError) {
    if text.peek(bytes) != nil { throw wrapped(text.failure("spaces to the header's end", bytes)) }
  }

  /// Whether a key or the closing brace follows.
  mutating func isAtKeyOrEnd(_ bytes: RawSpan) -> Bool {
    let next = text.peek(bytes)
    return next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
  }

  /// The next key of an object whose opening brace was read, and its colon; nil behind the closing brace. The caller
  /// sees to it that keys differ.
  mutating func key(isFirst: Bool, _ bytes: RawSpan) throws(ScaleNetError) -> String? {
    do throws(ScaleNetError) {
      guard try text.element(isFirst: isFirst, closing: "}", bytes) else { return nil }
      let key = try text.string(bytes, encoding: Self.encoding)
      try text.require(":", bytes)
      return key
    } catch { throw wrapped(error) }
  }

  mutating func string(_ bytes: RawSpan) throws(ScaleNetError) -> String {
    do throws(ScaleNetError) { return try text.string(bytes, encoding: Self.encoding) } catch {
      throw wrapped(error)
    }
  }

  /// An array of at most `limit` numbers that are not negative and fit `Int`.
  ///
  /// - Parameter expected: says for messages how many there should be.
  mutating func wholeNumbers(
    _ expected: String, limit: Int, _ bytes: RawSpan
  ) throws(ScaleNetError) -> [Int] {
    do throws(ScaleNetError) {
      try text.open("[", bytes)
      var numbers: [Int] = []
      while try text.element(isFirst: numbers.isEmpty, bytes) {
        guard numbers.count < limit else {
          throw ScaleNetError(offset: text.position, expected: expected, found: "more")
        }
        // Not even 0 may be negative.
        guard text.peek(bytes) != UInt8(ascii: "-") else { throw text.failure(Self.wholeNumber, bytes) }
        numbers.append(try text.integer(bytes, expected: Self.wholeNumber))
      }
      return numbers
    } catch { throw wrapped(error) }
  }

  /// An error at the present place.
  func failure(_ expected: String, _ found: String) -> ScaleNetError {
    wrapped(
      ScaleNetError(offset: text.position, expected: expected, found: found.escapedForMessage))
  }

  private static let encoding = "a string of UTF-8"
  private static let wholeNumber = "a whole number of less than 2^63"

  private func wrapped(_ failure: ScaleNetError) -> ScaleNetError {
    failure.within("safetensors header").inFile(path)
  }
}
