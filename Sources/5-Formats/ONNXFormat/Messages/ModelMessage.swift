import FileIO

/// A parsed `ModelProto`.
struct ModelMessage {
  var irVersion: Int64?
  var graph: GraphMessage?
  var opsets: [(domain: String, version: Int64)] = []
  var metadata: [(key: String, value: String)] = []
  var functions: [FunctionMessage] = []
  var producer: (name: String, version: String) = ("", "")

  init(_ bytes: RawSpan, context: ParseContext) throws(ScaleNetError) {
    try context.forEachField(
      of: 0..<bytes.byteCount, in: bytes, place: "model", repeated: [8, 14, 20, 25, 26]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1: irVersion = try field.integer("ir_version")
      case 2: producer.name = try field.text("producer_name", in: bytes)
      case 3: producer.version = try field.text("producer_version", in: bytes)
      case 4: _ = try field.range("domain")
      case 5: _ = try field.integer("model_version")
      case 6: _ = try field.range("doc_string")
      case 7:
        graph = try GraphMessage(bytes, try field.range("graph"), place: "model.graph", context: context)
      case 8:
        opsets.append(try Self.opset(bytes, field, place: "model.opset_import[\(opsets.count)]"))
      case 14:
        metadata.append(
          try entry(
            bytes, try field.range("metadata_props"), "model.metadata_props[\(metadata.count)]", context))
      // How the model was trained, and on which devices it is meant to run.
      case 20: _ = try field.range("training_info")
      case 26: _ = try field.range("configuration")
      case 25:
        functions.append(
          try FunctionMessage(
            bytes, try field.range("functions"), place: "model.functions[\(functions.count)]",
            context: context))
      default: throw field.unknown
      }
    }
  }

  /// A parsed `OperatorSetIdProto`.
  static func opset(
    _ bytes: RawSpan, _ field: WireField, place: String
  ) throws(ScaleNetError) -> (domain: String, version: Int64) {
    var result = (domain: "", version: Int64(0))
    try field.context.forEachField(
      of: try field.range("opset_import"), in: bytes, place: place, repeated: []
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1: result.domain = try field.text("domain", in: bytes)
      case 2: result.version = try field.integer("version")
      default: throw field.unknown
      }
    }
    return result
  }
}

/// A parsed `StringStringEntryProto`.
func entry(
  _ bytes: RawSpan, _ range: Range<Int>, _ place: String, _ context: ParseContext
) throws(ScaleNetError) -> (key: String, value: String) {
  var result = (key: "", value: "")
  try context.forEachField(of: range, in: bytes, place: place, repeated: []) {
    (field) throws(ScaleNetError) in
    switch field.number {
    case 1: result.key = try field.text("key", in: bytes)
    case 2: result.value = try field.text("value", in: bytes)
    default: throw field.unknown
    }
  }
  return result
}
