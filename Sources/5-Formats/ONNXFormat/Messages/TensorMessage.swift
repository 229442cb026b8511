import FileIO

/// A parsed `TensorProto`: where its elements are, but none of them.
struct TensorMessage {
  /// A field that holds elements by their type.
  enum TypedField: String {
    case float = "float_data"
    case int32 = "int32_data"
    case int64 = "int64_data"
    case double = "double_data"
    case uint64 = "uint64_data"
  }

  /// A piece of a typed field, as it stands on the wire.
  struct TypedRun {
    let payload: WireField.Payload
    let offset: Int
  }

  var name = ""
  var dimensions: [Int64] = []
  var dataType: Int64 = 0
  var rawData: Range<Int>?
  var typedField: TypedField?
  var typedRuns: [TypedRun] = []
  var isExternal = false
  var externalData: [(key: String, value: String)] = []
  let place: String

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    self.place = place
    try context.forEachField(
      of: range, in: bytes, place: place, repeated: [1, 4, 5, 6, 7, 10, 11, 13, 16]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1: try field.appendIntegers("dims", in: bytes, to: &dimensions, limit: 64)
      case 2: dataType = try field.integer("data_type")
      case 3: throw field.failure("segment", expected: "a whole tensor", found: "a segment of one")
      case 4: try addTyped(.float, field)
      case 5: try addTyped(.int32, field)
      case 6: throw field.failure("string_data", expected: "numbers", found: "strings")
      case 7: try addTyped(.int64, field)
      case 8: name = try field.text("name", in: bytes)
      case 9: rawData = try field.range("raw_data")
      case 10: try addTyped(.double, field)
      case 11: try addTyped(.uint64, field)
      case 12: _ = try field.range("doc_string")
      case 13:
        externalData.append(
          try entry(
            bytes, try field.range("external_data"), "\(place).external_data[\(externalData.count)]", context)
        )
      case 14: isExternal = try Self.isExternal(field)
      case 16: _ = try field.range("metadata_props")
      default: throw field.unknown
      }
    }
  }

  private static func isExternal(_ field: WireField) throws(ScaleNetError) -> Bool {
    switch try field.integer("data_location") {
    case 0: return false
    case 1: return true
    case let other:
      throw field.failure("data_location", expected: "DEFAULT or EXTERNAL", found: "\(other)")
    }
  }

  private mutating func addTyped(_ kind: TypedField, _ field: WireField) throws(ScaleNetError) {
    // proto3 writers may leave an empty packed run.
    if case .bytes(let range) = field.payload, range.isEmpty { return }
    guard typedField == nil || typedField == kind else {
      throw field.failure(
        kind.rawValue, expected: "elements in \(typedField?.rawValue ?? "one field") only", found: "more")
    }
    try field.context.takePart(field, kind.rawValue)
    typedField = kind
    typedRuns.append(TypedRun(payload: field.payload, offset: field.offset))
  }
}
