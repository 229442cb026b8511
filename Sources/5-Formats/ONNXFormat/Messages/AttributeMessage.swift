import FileIO

/// A parsed `AttributeProto`.
struct AttributeMessage {
  /// What an attribute holds. Kinds that no operator here takes are named only.
  enum Value {
    case float(Float)
    case integer(Int64)
    case string(String)
    case tensor(TensorMessage)
    case floats([Float])
    case integers([Int64])
    case strings([String])
    /// Where a subgraph stands in the file: it is parsed when a node needs it.
    case graph(Range<Int>)
    case other(String)
  }

  var name = ""
  let place: String
  /// The attribute of a function's call whose value this one has; nil outside of functions.
  private(set) var reference: String?
  /// The number of the type that the attribute states; 0 if it states none.
  private(set) var statedKind = 0
  private(set) var value: Value = .other("nothing")

  /// The names of `AttributeProto.AttributeType`, in the order of their numbers.
  private static let kinds = [
    "UNDEFINED", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS", "TENSORS",
    "GRAPHS",
    "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS",
  ]

  init(_ bytes: RawSpan, _ range: Range<Int>, place: String, context: ParseContext) throws(ScaleNetError) {
    self.place = place
    var kind = 0
    var float: Float?
    var integer: Int64?
    var string: String?
    var held: String?
    var tensor: TensorMessage?
    var floats: [Float] = []
    var integers: [Int64] = []
    var strings: [String] = []
    var graph: Range<Int>?
    var present: FieldNumbers = []
    try context.forEachField(
      of: range, in: bytes, place: place, repeated: [7, 8, 9, 10, 11, 15, 23]
    ) { (field) throws(ScaleNetError) in
      switch field.number {
      case 1: name = try field.text("name", in: bytes)
      case 2:
        float = try field.float("f")
        present.insert(1)
      case 3:
        integer = try field.integer("i")
        present.insert(2)
      case 4:
        // Nodes of other programs keep bytes in strings; only who asks for a text needs one.
        let range = try field.range("s")
        string = bytes.extracting(range).text().flatMap { $0.utf8.contains(0) ? nil : $0 }
        if string == nil { held = "a STRING of \(range.count) bytes that are no UTF-8 without NUL" }
        present.insert(3)
      case 5:
        tensor = try TensorMessage(bytes, try field.range("t"), place: "\(place).t", context: context)
        present.insert(4)
      case 6:
        graph = try field.range("g")
        present.insert(5)
      case 7:
        try field.appendFloats("floats", in: bytes, to: &floats, limit: context.attributeElements)
        present.insert(6)
      case 8:
        try field.appendIntegers("ints", in: bytes, to: &integers, limit: context.attributeElements)
        present.insert(7)
      case 9:
        try field.context.takePart(field, "strings")
        strings.append(try field.text("strings[\(strings.count)]", in: bytes))
        present.insert(8)
      case 10, 11:
        _ = try field.range(field.number == 10 ? "tensors" : "graphs")
        present.insert(field.number - 1)
      case 13: _ = try field.range("doc_string")
      case 14, 15:
        _ = try field.range(field.number == 14 ? "tp" : "type_protos")
        present.insert(field.number - 1)
      case 20: kind = Int(try field.integer("type"))
      case 21:
        let name = try field.text("ref_attr_name", in: bytes)
        reference = name.isEmpty ? nil : name
      case 22, 23:
        _ = try field.range(field.number == 22 ? "sparse_tensor" : "sparse_tensors")
        present.insert(field.number - 11)
      default: throw field.unknown
      }
    }
    context.takeAttributeElements(floats.count + integers.count)
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      .malformed(
        path: context.path, place: "\(place) \(name)", offset: range.lowerBound, expected: expected,
        found: found)
    }
    guard Self.kinds.indices.contains(kind) else { throw failure("an attribute type", "\(kind)") }
    guard present.count <= (reference == nil ? 1 : 0) else {
      throw failure(reference == nil ? "one value" : "a reference alone", "\(present.count) values")
    }
    statedKind = kind
    guard reference == nil else { return }
    // The oldest files do not say the type; what is present says it then.
    if kind == 0 { kind = present.first ?? 0 }
    if let found = present.first, found != kind {
      throw failure(Self.kinds[kind], Self.kinds[found])
    }
    switch kind {
    case 1: value = .float(float ?? 0)
    case 2: value = .integer(integer ?? 0)
    case 3: value = held.map { .other($0) } ?? .string(string ?? "")
    case 4:
      guard let tensor else { throw failure("a tensor", "none") }
      value = .tensor(tensor)
    case 5:
      guard let graph else { throw failure("a graph", "none") }
      value = .graph(graph)
    case 6: value = .floats(floats)
    case 7: value = .integers(integers)
    case 8: value = .strings(strings)
    default: value = .other(Self.kinds[kind])
    }
  }

  /// The value under another name, for an attribute that refers to it; nil if that one states another type.
  func value(for referring: AttributeMessage) -> AttributeMessage? {
    guard referring.statedKind == 0 || Self.kinds[referring.statedKind] == kindName else { return nil }
    var result = self
    result.name = referring.name
    return result
  }

  /// Whether a node with this attribute has a body of its own.
  var isGraph: Bool {
    if case .graph = value { true } else { false }
  }

  /// What the attribute holds, for messages.
  var kindName: String {
    switch value {
    case .float: "FLOAT"
    case .integer: "INT"
    case .string: "STRING"
    case .tensor: "TENSOR"
    case .floats: "FLOATS"
    case .integers: "INTS"
    case .strings: "STRINGS"
    case .graph: "GRAPH"
    case .other(let name): name
    }
  }
}
