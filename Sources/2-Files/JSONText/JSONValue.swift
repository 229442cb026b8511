package import FileIO

/// A JSON value that is read as a whole, for small files of settings and results. Members keep their order.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A key and what stands behind it.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// Reads a text of one value, strictly: no duplicate keys, no trailing commas, nothing behind the value.
  ///
  /// - Throws: an error that tells the offset of what was found.
  package static func parse(_ text: [UInt8]) throws(ScaleNetError) -> JSONValue {
    let bytes = unsafe text.span.bytes
    var cursor = JSONCursor(0..<bytes.byteCount)
    let value = try read(&cursor, bytes)
    try cursor.requireEnd(bytes)
    return value
  }

  /// The member of an object; nil if there is none, or if this is no object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The value of a number; nil for others.
  package var double: Double? { if case .number(let value) = self { value } else { nil } }

  /// The value of a whole number; nil for others.
  package var integer: Int? { double.flatMap(Int.init(exactly:)) }

  /// The text of a string; nil for others.
  package var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The value of `true` and `false`; nil for others.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array; nil for others.
  package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  /// The numbers of an array of nothing else; nil for others.
  package var numbers: [Double]? {
    guard let array else { return nil }
    let numbers = array.compactMap(\.double)
    return numbers.count == array.count ? numbers : nil
  }

  /// What kind of value this is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.escapedForMessage)\""
    case .array(let values): "an array of \(values.count)"
    case .object: "an object"
    }
  }

  /// The cursor limits how deep this calls itself.
  private static func read(_ cursor: inout JSONCursor, _ bytes: RawSpan) throws(ScaleNetError) -> JSONValue {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "{"):
      try cursor.open("{", bytes)
      var members: [Member] = []
      var keys = Set<String>()
      while let key = try cursor.key(&keys, bytes) {
        members.append(Member(key: key, value: try read(&cursor, bytes)))
      }
      return .object(members)
    case UInt8(ascii: "["):
      try cursor.open("[", bytes)
      var values: [JSONValue] = []
      while try cursor.element(isFirst: values.isEmpty, bytes) { values.append(try read(&cursor, bytes)) }
      return .array(values)
    case UInt8(ascii: "\""):
      return .string(try cursor.string(bytes))
    case UInt8(ascii: "t"):
      try cursor.require(word: "true", bytes)
      return .bool(true)
    case UInt8(ascii: "f"):
      try cursor.require(word: "false", bytes)
      return .bool(false)
    case UInt8(ascii: "n"):
      try cursor.require(word: "null", bytes)
      return .null
    default:
      return .number(try cursor.number(bytes).value)
    }
  }
}
