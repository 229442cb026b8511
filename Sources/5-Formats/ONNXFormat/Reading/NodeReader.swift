import FileIO
import ModelIR

/// One node of a file while it is turned into operators: its attributes are taken one by one, and what is left at the
/// end is an error.
struct NodeReader {
  let message: NodeMessage
  /// The node's name in the graph: unique and not empty.
  let name: String
  let opset: Int
  let path: String
  /// Of each output whether something reads it.
  private let readOutputs: [Bool]
  private var attributes: [AttributeMessage]

  init(
    _ message: NodeMessage, name: String, opset: Int, path: String, readOutputs: [Bool]
  ) throws(ScaleNetError) {
    self.readOutputs = readOutputs
    self.message = message
    self.name = name
    self.opset = opset
    self.path = path
    attributes = message.attributes
    guard attributes.count > 1 else { return }
    var names = Set<String>(minimumCapacity: attributes.count)
    for attribute in attributes where !names.insert(attribute.name).inserted {
      throw failure("attribute \(attribute.name)", expected: "one", found: "two")
    }
  }

  func failure(_ place: String, expected: String, found: String) -> ScaleNetError {
    .invalidNode(path: path, node: name, op: message.op, place: place, expected: expected, found: found)
  }

  /// An error about a place in this node.
  func failure(_ error: ScaleNetError) -> ScaleNetError {
    error.within("node \(name.escapedForMessage) (\(message.op.escapedForMessage))").inFile(path)
  }

  /// The name of an input; nil if it is left out.
  func input(_ index: Int) -> String? {
    guard index < message.inputs.count, !message.inputs[index].isEmpty else { return nil }
    return message.inputs[index]
  }

  /// Fails if there are more inputs than `count`.
  func requireInputs(atMost count: Int) throws(ScaleNetError) {
    guard message.inputs.count <= count else {
      throw failure("inputs", expected: "at most \(count)", found: "\(message.inputs.count)")
    }
  }

  /// The name of the only output that may be used.
  func output() throws(ScaleNetError) -> String {
    guard let first = message.outputs.first, !first.isEmpty else {
      throw failure("outputs", expected: "one", found: "none")
    }
    if let second = message.outputs.dropFirst().first(where: { !$0.isEmpty }) {
      throw failure("outputs", expected: "only \(first)", found: "\(second) too")
    }
    return first
  }

  /// Whether an output is named and something reads it.
  func isRead(output index: Int) -> Bool {
    index < message.outputs.count && !message.outputs[index].isEmpty && readOutputs[index]
  }

  /// How many outputs there are, counted up to the last that something reads.
  var readOutputCount: Int { (message.outputs.indices.last { isRead(output: $0) } ?? 0) + 1 }

  /// The name of the first output, beside which there may be others.
  func firstOutput() throws(ScaleNetError) -> String {
    guard let first = message.outputs.first, !first.isEmpty else {
      throw failure("outputs", expected: "one", found: "none")
    }
    return first
  }

  private mutating func take(_ name: String) -> AttributeMessage? {
    guard let index = attributes.firstIndex(where: { $0.name == name }) else { return nil }
    return attributes.remove(at: index)
  }

  private func wrongKind(_ attribute: AttributeMessage, _ expected: String) -> ScaleNetError {
    failure("attribute \(attribute.name)", expected: expected, found: attribute.kindName)
  }

  mutating func integer(_ name: String) throws(ScaleNetError) -> Int? {
    guard let attribute = take(name) else { return nil }
    guard case .integer(let value) = attribute.value else { throw wrongKind(attribute, "INT") }
    return Int(value)
  }

  mutating func integer(_ name: String, default standard: Int) throws(ScaleNetError) -> Int {
    try integer(name) ?? standard
  }

  /// An attribute that is 0 or 1.
  mutating func flag(_ name: String, default standard: Bool = false) throws(ScaleNetError) -> Bool {
    switch try integer(name) {
    case nil: return standard
    case 0: return false
    case 1: return true
    case let other?: throw failure("attribute \(name)", expected: "0 or 1", found: "\(other)")
    }
  }

  /// Fails unless an attribute is 0 or absent.
  mutating func requireZero(_ name: String) throws(ScaleNetError) {
    let value = try integer(name, default: 0)
    guard value == 0 else { throw failure("attribute \(name)", expected: "0", found: "\(value)") }
  }

  mutating func float(_ name: String, default standard: Float) throws(ScaleNetError) -> Float {
    try float(name) ?? standard
  }

  /// An attribute that must be there.
  mutating func requiredInteger(_ name: String) throws(ScaleNetError) -> Int {
    guard let value = try integer(name) else {
      throw failure("attribute \(name)", expected: "a value", found: "none")
    }
    return value
  }

  mutating func float(_ name: String) throws(ScaleNetError) -> Float? {
    guard let attribute = take(name) else { return nil }
    guard case .float(let value) = attribute.value else { throw wrongKind(attribute, "FLOAT") }
    return value
  }

  mutating func strings(_ name: String) throws(ScaleNetError) -> [String]? {
    guard let attribute = take(name) else { return nil }
    guard case .strings(let values) = attribute.value else { throw wrongKind(attribute, "STRINGS") }
    return values
  }

  /// An attribute that is one of the raw values of a type.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default standard: Choice
  ) throws(ScaleNetError) -> Choice where Choice.RawValue == String {
    let text = try string(name, default: standard.rawValue)
    guard let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue)
      throw failure(
        "attribute \(name)",
        expected: names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""), found: text)
    }
    return choice
  }

  /// An attribute that names a type of elements; nil if it is left out.
  mutating func dataType(_ name: String) throws(ScaleNetError) -> DataType? {
    guard let number = try integer(name), number != 0 else { return nil }
    guard let type = DataType(onnxNumber: Int64(number)) else {
      throw failure(
        "attribute \(name)", expected: "a type of numbers", found: DataType.onnxName(Int64(number)))
    }
    return type
  }

  mutating func integers(_ name: String) throws(ScaleNetError) -> [Int]? {
    guard let attribute = take(name) else { return nil }
    guard case .integers(let values) = attribute.value else { throw wrongKind(attribute, "INTS") }
    return values.map { Int($0) }
  }

  mutating func floats(_ name: String) throws(ScaleNetError) -> [Float]? {
    guard let attribute = take(name) else { return nil }
    guard case .floats(let values) = attribute.value else { throw wrongKind(attribute, "FLOATS") }
    return values
  }

  mutating func string(_ name: String, default standard: String) throws(ScaleNetError) -> String {
    guard let attribute = take(name) else { return standard }
    guard case .string(let value) = attribute.value else { throw wrongKind(attribute, "STRING") }
    return value
  }

  mutating func tensor(_ name: String) throws(ScaleNetError) -> TensorMessage? {
    guard let attribute = take(name) else { return nil }
    guard case .tensor(let value) = attribute.value else { throw wrongKind(attribute, "TENSOR") }
    return value
  }

  /// Where the subgraph of an attribute that must be there stands in the file.
  mutating func graph(_ name: String) throws(ScaleNetError) -> (range: Range<Int>, place: String) {
    guard let attribute = take(name) else {
      throw failure("attribute \(name)", expected: "a graph", found: "none")
    }
    guard case .graph(let range) = attribute.value else { throw wrongKind(attribute, "GRAPH") }
    return (range, "\(attribute.place).g")
  }

  /// An attribute as it is, for a function that knows what it means; nil if it is left out.
  mutating func attribute(_ name: String) -> AttributeMessage? { take(name) }

  /// Leaves an attribute alone that says nothing for inference, or nothing with the other attributes' values.
  mutating func ignore(_ name: String) {
    _ = take(name)
  }

  /// Fails if an attribute was not taken.
  func finish() throws(ScaleNetError) {
    if let attribute = attributes.first {
      throw failure(
        "attributes", expected: "those of \(message.op) in opset \(opset)", found: "\(attribute.name)")
    }
  }

  /// Axes counted from the front, each once.
  func axes(_ values: [Int], rank: Int, name: String = "axes") throws(ScaleNetError) -> [Int] {
    var result: [Int] = []
    for value in values { result.append(try axis(value, rank: rank, name: name)) }
    guard Set(result).count == result.count else {
      throw failure(name, expected: "each axis once", found: "\(values)")
    }
    return result
  }

  /// An axis counted from the front.
  func axis(_ value: Int, rank: Int, name: String = "axis") throws(ScaleNetError) -> Int {
    let counted = value < 0 ? value.addingReportingOverflow(rank).partialValue : value
    guard (0..<rank).contains(counted) else {
      throw failure(name, expected: rank == 0 ? "no axis" : "\(-rank) to \(rank - 1)", found: "\(value)")
    }
    return counted
  }
}
