import FileIO

/// A parsed `NodeProto`.
struct NodeMessage {
  var name = ""
  var op = ""
  var domain = ""
  var overload = ""
  /// Names of values; empty for one that is left out.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [AttributeMessage] = []

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    try context.forEachField(
      of: range, in: bytes, place: place, repeated: [1, 2, 5, 9, 10]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1:
        try context.takePart(field, "input")
        inputs.append(try field.text("input[\(inputs.count)]", in: bytes))
      case 2:
        try context.takePart(field, "output")
        outputs.append(try field.text("output[\(outputs.count)]", in: bytes))
      case 3: name = try field.text("name", in: bytes)
      case 4: op = try field.text("op_type", in: bytes)
      case 5:
        attributes.append(
          try AttributeMessage(
            bytes, try field.range("attribute"), place: "\(place).attribute[\(attributes.count)]",
            context: context))
      case 6: _ = try field.range("doc_string")
      case 7: domain = try field.text("domain", in: bytes)
      case 8: overload = try field.text("overload", in: bytes)
      case 9: _ = try field.range("metadata_props")
      // How the node is spread over devices.
      case 10: _ = try field.range("device_configurations")
      default: throw field.unknown
      }
    }
    guard max(inputs.count, outputs.count) <= 4096 else {
      throw .malformed(
        path: context.path, place: place, offset: range.lowerBound,
        expected: "at most 4096 inputs or outputs",
        found: "\(max(inputs.count, outputs.count))")
    }
  }
}
