import FileIO
import JSONText

/// The values of a small JSON text by the path of their keys: `pretrained_cfg.mean`.
struct FlatJSON {
  /// A value that is no object.
  enum Value {
    case string(String)
    case number(Double)
    case boolean(Bool)
    case null
    case numbers([Double])
    /// An array of anything else.
    case other
  }

  private(set) var values: [String: Value] = [:]
  /// The keys in the order of the text.
  private(set) var keys: [String] = []

  init(_ text: [UInt8]) throws(ScaleNetError) {
    let bytes = unsafe text.span.bytes
    var cursor = JSONCursor(0..<bytes.byteCount, longestString: 1 << 16)
    try readObject("", &cursor, bytes)
    try cursor.requireEnd(bytes)
  }

  func string(_ key: String) -> String? {
    if case .string(let text)? = values[key] { text } else { nil }
  }

  func number(_ key: String) -> Double? {
    if case .number(let number)? = values[key] { number } else { nil }
  }

  func numbers(_ key: String) -> [Double]? {
    if case .numbers(let numbers)? = values[key], !numbers.isEmpty { numbers } else { nil }
  }

  func boolean(_ key: String) -> Bool? {
    if case .boolean(let isTrue)? = values[key] { isTrue } else { nil }
  }

  private mutating func readObject(
    _ prefix: String, _ cursor: inout JSONCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) {
    try cursor.open("{", bytes)
    var seen = Set<String>()
    while let key = try cursor.key(&seen, bytes) {
      let path = prefix.isEmpty ? key : "\(prefix).\(key)"
      if cursor.peek(bytes) == UInt8(ascii: "{") {
        try readObject(path, &cursor, bytes)
      } else {
        values[path] = try value(&cursor, bytes)
        keys.append(path)
      }
    }
  }

  private func value(_ cursor: inout JSONCursor, _ bytes: RawSpan) throws(ScaleNetError) -> Value {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "\""): return .string(try cursor.string(bytes))
    case UInt8(ascii: "t"):
      try cursor.require(word: "true", bytes)
      return .boolean(true)
    case UInt8(ascii: "f"):
      try cursor.require(word: "false", bytes)
      return .boolean(false)
    case UInt8(ascii: "n"):
      try cursor.require(word: "null", bytes)
      return .null
    case UInt8(ascii: "["):
      try cursor.open("[", bytes)
      var numbers: [Double]? = []
      var isFirst = true
      while try cursor.element(isFirst: isFirst, bytes) {
        isFirst = false
        if case .number(let number) = try value(&cursor, bytes) {
          numbers?.append(number)
        } else {
          numbers = nil
        }
      }
      return numbers.map(Value.numbers) ?? .other
    case UInt8(ascii: "{"):
      // An object within an array: read for its form, as nothing here is of interest.
      var inner = FlatJSON()
      try inner.readObject("", &cursor, bytes)
      return .other
    default: return .number(try cursor.number(bytes, allowsNonFinite: true).value)
    }
  }

  private init() {}
}
