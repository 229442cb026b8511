import FileIO

/// A parsed `FunctionProto`: a body of nodes that a node of the function's name stands for.
struct FunctionMessage {
  var name = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  /// Attributes without a value of their own.
  var attributeNames: [String] = []
  /// Attributes that have a value where the call gives none.
  var standardAttributes: [AttributeMessage] = []
  var nodes: [NodeMessage] = []
  var opsets: [(domain: String, version: Int64)] = []
  let place: String

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    self.place = place
    try context.forEachField(
      of: range, in: bytes, place: place, repeated: [4, 5, 6, 7, 9, 11, 12, 14]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1: name = try field.text("name", in: bytes)
      case 4: try Self.append("input", field, bytes, to: &inputs)
      case 5: try Self.append("output", field, bytes, to: &outputs)
      case 6: try Self.append("attribute", field, bytes, to: &attributeNames)
      case 7:
        nodes.append(
          try NodeMessage(
            bytes, try field.range("node"), place: "\(place).node[\(nodes.count)]", context: context))
      case 8: _ = try field.range("doc_string")
      case 9:
        opsets.append(try ModelMessage.opset(bytes, field, place: "\(place).opset_import[\(opsets.count)]"))
      case 10: domain = try field.text("domain", in: bytes)
      case 11:
        standardAttributes.append(
          try AttributeMessage(
            bytes, try field.range("attribute_proto"),
            place: "\(place).attribute_proto[\(standardAttributes.count)]", context: context))
      // Types of values between the nodes: shape inference finds them anew.
      case 12: _ = try field.range("value_info")
      case 13: overload = try field.text("overload", in: bytes)
      case 14: _ = try field.range("metadata_props")
      default: throw field.unknown
      }
    }
  }

  private static func append(
    _ name: String, _ field: WireField, _ bytes: RawSpan, to names: inout [String]
  ) throws(ScaleNetError) {
    try field.context.takePart(field, name)
    names.append(try field.text("\(name)[\(names.count)]", in: bytes))
  }

  /// What a node says to call the function.
  var key: Key { Key(domain: domain, name: name, overload: overload) }

  /// The names that tell functions apart; `ai.onnx` is the empty domain.
  struct Key: Hashable {
    let domain: String
    let name: String
    let overload: String

    init(domain: String, name: String, overload: String) {
      self.domain = domain == "ai.onnx" ? "" : domain
      self.name = name
      self.overload = overload
    }
  }
}
