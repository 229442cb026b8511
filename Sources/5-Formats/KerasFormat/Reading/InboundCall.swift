import FileIO
import JSONText

/// How a layer is called.
struct InboundCall {
  /// What it reads, in the order of the arguments.
  var sources: [Source] = []
  var arguments: [LayerConfiguration.Argument] = []
  var isTraining = false

  /// Something that another layer yields.
  struct Source {
    let layer: Int
    /// Which of the tensors that it yields.
    let tensor: Int
    let reference: ModelScope.Reference
    /// The name in a dictionary.
    let key: String?
  }
}

/// Reads the calls of a layer, in the form of Keras 2 (`[["name", node, tensor, {arguments}]]`) and of Keras 3 (`args` and
/// `kwargs`).
struct InboundReader {
  let list: LayerListReader
  let entry: ModelScope.Entry
  let scope: ModelScope
  /// Whether it is an operation or layer that has arguments of its own.
  let takesArguments: Bool
  private var call = InboundCall()
  /// Arguments behind the tensors of Keras 2, which repeats them for each tensor.
  private var options: [JSON.Member] = []

  init(_ list: LayerListReader, _ entry: ModelScope.Entry, _ scope: ModelScope, takesArguments: Bool) {
    self.list = list
    self.entry = entry
    self.scope = scope
    self.takesArguments = takesArguments
  }

  private func invalid(_ expected: String, _ found: String) -> ScaleNetError {
    .invalidLayer(
      path: list.path, layer: entry.name, className: entry.className, place: "inbound_nodes",
      expected: expected,
      found: found)
  }

  /// Reads one element of `inbound_nodes`.
  mutating func read(_ node: JSON) throws(ScaleNetError) -> InboundCall {
    call = InboundCall()
    options = []
    if let arguments = node["args"] {
      guard case .array(let items) = arguments else { throw invalid("a list of arguments", arguments.kind) }
      for item in items { try add(item, name: nil) }
      if case .object(let members)? = node["kwargs"] {
        for member in members { try add(option: member) }
      }
    } else {
      switch node {
      case .array, .object: try addTensors(node, key: nil)
      default: throw invalid("a list of layers", node.kind)
      }
      for option in options { try add(option: option) }
    }
    guard !call.sources.isEmpty else { throw invalid("at least one layer", "none") }
    return call
  }

  /// An argument without a name, in Keras 3's form.
  private mutating func add(_ json: JSON, name: String?) throws(ScaleNetError) {
    if Self.hasTensor(json) {
      try addTensors(json, key: nil, name: name)
    } else if takesArguments {
      call.arguments.append(.init(name: name, value: .constant(json)))
    } else {
      throw invalid("no arguments but tensors", name ?? json.kind)
    }
  }

  /// An argument with a name.
  private mutating func add(option: JSON.Member) throws(ScaleNetError) {
    let value = option.value
    switch option.key {
    case "training":
      if value == .bool(true) { call.isTraining = true }
    case "mask" where Self.isNothing(value), "name" where takesArguments: return
    default:
      if value == .null { return }
      if Self.isListOfTensors(value) {
        try addTensors(value, key: nil, name: option.key)
      } else {
        try add(value, name: option.key)
      }
    }
  }

  /// Null, or a list of nothing else.
  private static func isNothing(_ json: JSON) -> Bool {
    if case .array(let items) = json { return items.allSatisfy(isNothing) }
    return json == .null
  }

  /// All tensors of a structure of lists and dictionaries, in its order.
  private mutating func addTensors(_ json: JSON, key: String?, name: String? = nil) throws(ScaleNetError) {
    if let reference = Self.tensor(json) {
      try add(reference, key: key, name: name)
      return
    }
    switch json {
    case .array(let items):
      // A constant in Keras 2's form.
      if items.count >= 3, items[0] == .string("_CONSTANT_VALUE"), takesArguments {
        call.arguments.append(.init(name: name, value: .constant(items[2])))
        if items.count > 3, case .object(let members) = items[3] { options += members }
        return
      }
      for item in items { try addTensors(item, key: nil, name: name) }
    case .object(let members):
      for member in members { try addTensors(member.value, key: member.key, name: name) }
    default: throw invalid("the output of a layer of the model", json.kind)
    }
  }

  private mutating func add(_ reference: JSON, key: String?, name: String?) throws(ScaleNetError) {
    guard let found = list.resolve(reference, scope) else {
      throw invalid("the output of a layer of the model", reference.kind)
    }
    call.arguments.append(.init(name: name, value: .input(call.sources.count)))
    call.sources.append(
      InboundCall.Source(
        layer: found.layer, tensor: found.tensor, reference: found.reference, key: key))
    if case .array(let parts) = reference, parts.count == 4, case .object(let members) = parts[3] {
      for member in members where !options.contains(where: { $0.key == member.key }) {
        options.append(member)
      }
    }
  }

  /// `["name", node, tensor]`, which Keras 3 wraps in the description of a tensor; nil if it is something else.
  private static func tensor(_ json: JSON) -> JSON? {
    if json["class_name"] == .string("__keras_tensor__") { return json["config"]?["keras_history"] }
    guard case .array(let parts) = json, (3...4).contains(parts.count), case .string(let name) = parts[0],
      name != "_CONSTANT_VALUE", case .integer = parts[1], case .integer = parts[2]
    else { return nil }
    return json
  }

  /// Whether it is a tensor, or a list of nothing else.
  private static func isListOfTensors(_ json: JSON) -> Bool {
    if tensor(json) != nil { return true }
    if case .array(let items) = json, !items.isEmpty { return items.allSatisfy { tensor($0) != nil } }
    return false
  }

  /// Whether there is a tensor of Keras 3's form in it.
  private static func hasTensor(_ json: JSON) -> Bool {
    switch json {
    case .array(let items): items.contains(where: hasTensor)
    case .object(let members):
      json["class_name"] == .string("__keras_tensor__") || members.contains { hasTensor($0.value) }
    default: false
    }
  }
}
