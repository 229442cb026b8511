import FileIO

/// A parsed `GraphProto`.
struct GraphMessage {
  var name = ""
  var nodes: [NodeMessage] = []
  var initializers: [TensorMessage] = []
  var inputs: [ValueMessage] = []
  var outputs: [ValueMessage] = []

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    try context.forEachField(
      of: range, in: bytes, place: place, repeated: [1, 5, 11, 12, 13, 14, 15, 16]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1:
        nodes.append(
          try NodeMessage(
            bytes, try field.range("node"), place: "\(place).node[\(nodes.count)]", context: context))
      case 2: name = try field.text("name", in: bytes)
      case 5:
        initializers.append(
          try TensorMessage(
            bytes, try field.range("initializer"), place: "\(place).initializer[\(initializers.count)]",
            context: context))
      case 10: _ = try field.range("doc_string")
      case 11:
        inputs.append(
          try ValueMessage(
            bytes, try field.range("input"), place: "\(place).input[\(inputs.count)]", context: context))
      case 12:
        outputs.append(
          try ValueMessage(
            bytes, try field.range("output"), place: "\(place).output[\(outputs.count)]", context: context))
      // Types of values between the nodes: shape inference finds them anew.
      case 13: _ = try field.range("value_info")
      case 14:
        throw field.failure("quantization_annotation", expected: "no quantisation", found: "an annotation")
      case 15:
        throw field.failure("sparse_initializer", expected: "dense initializers", found: "a sparse one")
      case 16: _ = try field.range("metadata_props")
      default: throw field.unknown
      }
    }
  }
}
