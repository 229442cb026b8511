package import FileIO

/// Reads a JSON value as a whole, strictly: no duplicate keys, no trailing commas, nothing behind the value, and nesting
/// up to a limit.
package enum JSONParser {
  /// - Parameter allowsNonFinite: whether numbers may be `Infinity`, `-Infinity` and `NaN`, as Python writes them.
  package static func parse(_ text: [UInt8], allowsNonFinite: Bool = false) throws(ScaleNetError) -> JSON {
    try text.withBytes { bytes throws(ScaleNetError) in
      var cursor = JSONCursor(0..<bytes.byteCount)
      let value = try value(&cursor, bytes, allowsNonFinite)
      try cursor.requireEnd(bytes)
      return value
    }
  }

  /// The cursor limits how deep this calls itself.
  private static func value(
    _ cursor: inout JSONCursor, _ bytes: RawSpan, _ allowsNonFinite: Bool
  ) throws(ScaleNetError) -> JSON {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "{"):
      return try object(&cursor, bytes, allowsNonFinite)
    case UInt8(ascii: "["):
      return try array(&cursor, bytes, allowsNonFinite)
    case UInt8(ascii: "\""):
      return .string(try cursor.string(bytes))
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      let number = try cursor.number(bytes, allowsNonFinite: allowsNonFinite)
      return number.integer.map { .integer($0) } ?? .number(number.value)
    case UInt8(ascii: "I") where allowsNonFinite:
      try cursor.require(word: "Infinity", bytes)
      return .number(.infinity)
    case UInt8(ascii: "N") where allowsNonFinite:
      try cursor.require(word: "NaN", bytes)
      return .number(.nan)
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
      throw cursor.failure("a value", bytes)
    }
  }

  private static func object(
    _ cursor: inout JSONCursor, _ bytes: RawSpan, _ allowsNonFinite: Bool
  ) throws(ScaleNetError) -> JSON {
    try cursor.open("{", bytes)
    var members: [JSON.Member] = []
    var keys = Set<String>()
    while let key = try cursor.key(&keys, bytes) {
      members.append(JSON.Member(key: key, value: try value(&cursor, bytes, allowsNonFinite)))
    }
    return .object(members)
  }

  private static func array(
    _ cursor: inout JSONCursor, _ bytes: RawSpan, _ allowsNonFinite: Bool
  ) throws(ScaleNetError) -> JSON {
    try cursor.open("[", bytes)
    var values: [JSON] = []
    while try cursor.element(isFirst: values.isEmpty, bytes) {
      values.append(try value(&cursor, bytes, allowsNonFinite))
    }
    return .array(values)
  }
}
