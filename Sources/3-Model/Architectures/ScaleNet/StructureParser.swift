import FileIO
import JSONText

/// Reads an array of arrays of whole numbers, the part of JSON that a structure file uses, and nothing else.
enum StructureParser {
  /// - Throws: an error whose place is line and column, counted in bytes from 1.
  static func parse(_ text: [UInt8]) throws(ScaleNetError) -> [[Int]] {
    do throws(ScaleNetError) {
      return try text.withBytes { (bytes) throws(ScaleNetError) in
        var cursor = JSONCursor(0..<bytes.byteCount)
        let rows = try array(&cursor, bytes) { (cursor, bytes) throws(ScaleNetError) in
          try array(&cursor, bytes) { (cursor, bytes) throws(ScaleNetError) in
            try cursor.integer(bytes, expected: "a whole number in range")
          }
        }
        if cursor.peek(bytes) != nil { throw cursor.failure("the end of the file", bytes) }
        return rows
      }
    } catch { throw failure(error, text) }
  }

  private static func array<Element>(
    _ cursor: inout JSONCursor, _ bytes: RawSpan,
    _ element: (inout JSONCursor, RawSpan) throws(ScaleNetError) -> Element
  ) throws(ScaleNetError) -> [Element] {
    guard cursor.peek(bytes) == UInt8(ascii: "[") else { throw cursor.failure("an array", bytes) }
    try cursor.open("[", bytes)
    var elements: [Element] = []
    while try cursor.element(isFirst: elements.isEmpty, bytes) {
      elements.append(try element(&cursor, bytes))
    }
    return elements
  }

  /// The error of a cursor with line and column in place of the offset.
  private static func failure(_ error: ScaleNetError, _ text: [UInt8]) -> ScaleNetError {
    guard let offset = error.offset, let expected = error.expected else { return error }
    let before = text[..<offset]
    let line = before.count { $0 == 0x0a } + 1
    let column = offset - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    return ScaleNetError(
      place: "line \(line), column \(column)", expected: expected, found: found(text[offset...]))
  }

  /// The word, number or single character that a text begins with.
  private static func found(_ rest: ArraySlice<UInt8>) -> String {
    guard let first = rest.first else { return "the end of the file" }
    let word = rest.prefix(41).prefix(while: isPartOfNumber)
    if !word.isEmpty {
      let text = String(decoding: word.prefix(40), as: UTF8.self)
      return word.count > 40 ? "\(text)…" : text
    }
    if (0x21...0x7e).contains(first) { return String(UnicodeScalar(first)) }
    return "byte 0x" + String(first, radix: 16)
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}
