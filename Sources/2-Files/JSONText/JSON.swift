import FileIO

/// A JSON value. Members of objects keep their order, so that what is written is always the same.
package indirect enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// A key and what stands behind it.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSON

    package init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The member of an object; nil if there is none, or if this is no object.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The same, where `null` says as much as nothing.
  package func stated(_ key: String) -> JSON? {
    if let value = self[key], value != .null { value } else { nil }
  }

  /// The value of a number; nil for others.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value of a whole number; nil for others.
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The text of a string; nil for others.
  package var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The value of `true` and `false`; nil for others.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array; nil for others.
  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }

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
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.escapedForMessage)\""
    case .array(let values): "an array of \(values.count)"
    case .object: "an object"
    }
  }

  /// An object of these members.
  package static func members(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(nilLiteral: ()) { self = .null }
}

extension JSON {
  /// The text, without spaces between lines, as Python's `json.dumps` has it.
  package var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += "\(value)"
    case .string(let value): text += value.quotedForJSON
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += ", " }
        text += member.key.quotedForJSON
        text += ": "
        member.value.write(to: &text)
      }
      text += "}"
    }
  }
}
