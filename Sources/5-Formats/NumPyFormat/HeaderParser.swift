import FileIO
import ModelIR

/// Parses the header of an array file: a Python dictionary of exactly `descr`, `fortran_order` and `shape`. It is
/// read as a literal, never evaluated.
struct HeaderParser {
  private let path: String
  private let member: String
  /// Where the text begins in the file.
  private let start: Int
  private let text: [UInt8]
  private var position = 0

  static func parse(
    _ text: [UInt8], at start: Int, path: String, member: String
  ) throws(ScaleNetError) -> ArrayHeader {
    var parser = HeaderParser(path: path, member: member, start: start, text: text)
    return try parser.dictionary()
  }

  private init(path: String, member: String, start: Int, text: [UInt8]) {
    self.path = path
    self.member = member
    self.start = start
    self.text = text
  }

  private mutating func dictionary() throws(ScaleNetError) -> ArrayHeader {
    var type: (DataType, Bool)?
    var isFortranOrder: Bool?
    var dimensions: [Int]?
    try require("{")
    while !accept("}") {
      let key = try string()
      try require(":")
      switch key {
      case "descr" where type == nil: type = try elementType()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where dimensions == nil: dimensions = try shape()
      default: throw failure("each of the keys descr, fortran_order and shape once", "'\(key)'")
      }
      if !accept(",") {
        try require("}")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw failure("spaces after the dictionary", rest) }
    guard let type, let isFortranOrder, let dimensions else {
      throw failure("the keys descr, fortran_order and shape", "fewer")
    }
    return ArrayHeader(
      dataType: type.0, isLittleEndian: type.1, isFortranOrder: isFortranOrder, dimensions: dimensions)
  }

  /// The type and whether it is little-endian.
  private mutating func elementType() throws(ScaleNetError) -> (DataType, Bool) {
    skipSpace()
    if position < text.count, text[position] == UInt8(ascii: "[") {
      throw failure("a numeric element type", "a structured one")
    }
    let descriptor = try string()
    guard let type = ElementType.parse(descriptor) else {
      let kind = descriptor.contains("O") ? "Python objects ('\(descriptor)')" : "'\(descriptor)'"
      throw failure("a numeric element type", kind)
    }
    return type
  }

  private mutating func boolean() throws(ScaleNetError) -> Bool {
    for (word, value) in [("True", true), ("False", false)] where accept(word) { return value }
    throw failure("True or False", rest)
  }

  private mutating func shape() throws(ScaleNetError) -> [Int] {
    var dimensions: [Int] = []
    try require("(")
    while !accept(")") {
      dimensions.append(try integer())
      // Numbers of Python 2 may end in L.
      _ = accept("L")
      guard dimensions.count <= 64 else { throw failure("at most 64 axes", "more") }
      if accept(",") { continue }
      guard dimensions.count != 1 else { throw failure("a comma after a single extent", rest) }
      try require(")")
      break
    }
    return dimensions
  }

  private mutating func integer() throws(ScaleNetError) -> Int {
    skipSpace()
    var value: Int?
    while position < text.count, let digit = Self.digit(text[position]) {
      let (product, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(digit)
      if overflow || overflow2 { throw failure("an extent of less than 2^63", "more") }
      value = sum
      position += 1
    }
    guard let value else { throw failure("an extent", rest) }
    return value
  }

  private static func digit(_ byte: UInt8) -> Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
  }

  /// A quoted text without escapes: no key and no type needs one.
  private mutating func string() throws(ScaleNetError) -> String {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"")
    else {
      throw failure("a quoted text", rest)
    }
    let quote = text[position]
    guard let end = text[(position + 1)...].firstIndex(of: quote) else {
      throw failure("the end of a quoted text", "none")
    }
    let content = text[(position + 1)..<end]
    guard content.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw failure("a text without escapes", String(decoding: content, as: UTF8.self))
    }
    position = end + 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func accept(_ word: String) -> Bool {
    skipSpace()
    guard text[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func require(_ word: String) throws(ScaleNetError) {
    if !accept(word) { throw failure("'\(word)'", rest) }
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0a { position += 1 }
  }

  /// The next characters, for messages.
  private var rest: String {
    let next = text[position...].prefix(24)
    return next.isEmpty ? "the end" : "'" + String(decoding: next, as: UTF8.self) + "'"
  }

  private func failure(_ expected: String, _ found: String) -> ScaleNetError {
    .header(path: path, member: member, offset: start + position, expected: expected, found: found)
  }
}
