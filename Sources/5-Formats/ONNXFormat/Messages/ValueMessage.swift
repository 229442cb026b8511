import FileIO

/// A parsed `ValueInfoProto` of a graph's input or output.
struct ValueMessage {
  /// One extent; neither a value nor a name means that nothing is known.
  struct Extent {
    var value: Int64?
    var name = ""

    /// Whether the extent is left open. Some exporters write -1 for that.
    var isOpen: Bool { value == nil || value == -1 }
  }

  var name = ""
  var elementType: Int64?
  /// nil if the message gives no shape.
  var extents: [Extent]?

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    try context.forEachField(of: range, in: bytes, place: place, repeated: [4]) {
      (field) throws(ScaleNetError) in
      switch field.number {
      case 1: name = try field.text("name", in: bytes)
      case 2: try readType(bytes, try field.range("type"), "\(place).type", context)
      case 3: _ = try field.range("doc_string")
      case 4: _ = try field.range("metadata_props")
      default: throw field.unknown
      }
    }
  }

  private mutating func readType(
    _ bytes: RawSpan, _ range: Range<Int>, _ place: String, _ context: ParseContext
  ) throws(ScaleNetError) {
    try context.forEachField(of: range, in: bytes, place: place, repeated: []) {
      (field) throws(ScaleNetError) in
      switch field.number {
      case 1:
        try readTensorType(bytes, try field.range("tensor_type"), "\(place).tensor_type", context)
      case 4, 5, 7, 8, 9:
        let kinds = [
          4: "a sequence", 5: "a map", 7: "an opaque type", 8: "a sparse tensor", 9: "an optional",
        ]
        throw .malformed(
          path: context.path, place: place, offset: field.offset, expected: "a tensor",
          found: kinds[field.number] ?? "another type")
      case 6: _ = try field.range("denotation")
      default: throw field.unknown
      }
    }
  }

  private mutating func readTensorType(
    _ bytes: RawSpan, _ range: Range<Int>, _ place: String, _ context: ParseContext
  ) throws(ScaleNetError) {
    try context.forEachField(of: range, in: bytes, place: place, repeated: []) {
      (field) throws(ScaleNetError) in
      switch field.number {
      case 1: elementType = try field.integer("elem_type")
      case 2: extents = try Self.readShape(bytes, try field.range("shape"), "\(place).shape", context)
      default: throw field.unknown
      }
    }
  }

  private static func readShape(
    _ bytes: RawSpan, _ range: Range<Int>, _ place: String, _ context: ParseContext
  ) throws(ScaleNetError) -> [Extent] {
    var extents: [Extent] = []
    try context.forEachField(of: range, in: bytes, place: place, repeated: [1]) {
      (field) throws(ScaleNetError) in
      guard field.number == 1 else { throw field.unknown }
      guard extents.count < 64 else {
        throw field.failure("dim", expected: "at most 64 extents", found: "more")
      }
      var extent = Extent()
      try context.forEachField(
        of: try field.range("dim"), in: bytes, place: "\(place).dim[\(extents.count)]", repeated: []
      ) { (field) throws(ScaleNetError) in
        switch field.number {
        case 1: extent.value = try field.integer("dim_value")
        case 2: extent.name = try field.text("dim_param", in: bytes)
        case 3: _ = try field.range("denotation")
        default: throw field.unknown
        }
      }
      extents.append(extent)
    }
    return extents
  }
}
