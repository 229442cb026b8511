/// Reads an array of arrays of whole numbers, the part of JSON that a structure file uses, and nothing else: the
/// system's JSON readers let trailing commas pass and tell no place.
struct StructureParser {
  /// What is wrong, and where.
  struct Failure: Error, CustomStringConvertible {
    let line: Int
    let column: Int
    let expected: String
    let found: String

    var description: String { "line \(line), column \(column): expected \(expected), found \(found)" }
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func parse() throws(Failure) -> [[Int]] {
    let rows = try parseArray { (parser) throws(Failure) in
      try parser.parseArray { (parser) throws(Failure) in try parser.parseNumber() }
    }
    skipSpace()
    if position < bytes.count { throw failure(expected: "the end of the file") }
    return rows
  }

  private mutating func parseArray<Element>(
    _ element: (inout StructureParser) throws(Failure) -> Element
  ) throws(Failure) -> [Element] {
    try take("[", "an array")
    var elements: [Element] = []
    if peek() == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try element(&self))
      if peek() == UInt8(ascii: "]") { break }
      try take(",", "a comma or ]")
    }
    position += 1
    return elements
  }

  private mutating func parseNumber() throws(Failure) -> Int {
    _ = peek()
    let start = position
    while position < bytes.count, Self.isPartOfNumber(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let digits = text.drop { $0 == "-" }
    // JSON has no plus sign and no leading zeros.
    guard let value = Int(text), !text.hasPrefix("+"), digits == "0" || !digits.hasPrefix("0") else {
      position = start
      throw failure(expected: "a whole number in range", text: text)
    }
    return value
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private mutating func peek() -> UInt8? {
    skipSpace()
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func take(_ character: Unicode.Scalar, _ expected: String) throws(Failure) {
    guard peek() == UInt8(ascii: character) else { throw failure(expected: expected) }
    position += 1
  }

  private func failure(expected: String, text: String = "") -> Failure {
    let before = bytes[..<position]
    let line = before.count { $0 == 0x0a } + 1
    let column = position - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    let found: String
    if !text.isEmpty {
      found = text.utf8.count > 40 ? "\(text.prefix(40))…" : text
    } else if position >= bytes.count {
      found = "the end of the file"
    } else if (0x21...0x7e).contains(bytes[position]) {
      found = String(UnicodeScalar(bytes[position]))
    } else {
      found = "byte 0x" + String(bytes[position], radix: 16)
    }
    return Failure(line: line, column: column, expected: expected, found: found)
  }
}
