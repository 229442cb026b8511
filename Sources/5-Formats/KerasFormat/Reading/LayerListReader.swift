import FileIO
import JSONText

/// Reads the lists of layers of a configuration: of the model, and of models that it has in place of layers.
struct LayerListReader {
  let path: String
  let place: String
  let isKeras3: Bool
  /// All calls of layers; those of models within the model are among them.
  private(set) var layers: [LayerConfiguration] = []

  /// More calls are an error: a configuration has hundreds.
  private static let mostLayers = 100_000
  /// More tensors of one layer are an error.
  private static let mostTensors = 4096
  static let modelClasses: Set<String> = ["Functional", "Model", "Sequential"]

  init(path: String, place: String, isKeras3: Bool) {
    self.path = path
    self.place = place
    self.isKeras3 = isKeras3
  }

  /// Where a model stands.
  struct Surroundings {
    /// The names of the models around it and its own, without the outermost.
    var models: [String] = []
    /// The same with a number behind those that are called again.
    var calls: [String] = []
    /// Whether a model around it says that nothing in it is trained.
    var isFrozen = false
    /// The entries beside it whose call number 0 something refers to.
    var firsts: Set<String> = []
  }

  /// The layers of a model. The reader's own list grows by them.
  mutating func scope(
    _ className: String, _ config: JSON, _ surroundings: Surroundings
  ) throws(ScaleNetError) -> ModelScope {
    var surroundings = surroundings
    var scope = ModelScope(isSequential: className == "Sequential", models: surroundings.models)
    // The oldest Sequential models had a list in place of the object.
    let stated: JSON? =
      if case .array = config, scope.isSequential { config } else { config["layers"] }
    guard case .array(var list)? = stated else {
      throw invalidModel(surroundings.models, "layers", "a list of layers", stated)
    }
    guard list.count <= Self.mostLayers - layers.count else {
      throw invalidModel(surroundings.models, "layers", "at most \(Self.mostLayers) layers", stated)
    }
    // Keras 2 does not take over what the model itself says.
    if isKeras3, config["trainable"] == .bool(false) { surroundings.isFrozen = true }
    if scope.isSequential { try addInput(to: &list, config, surroundings.models) }
    if isKeras3 { surroundings.firsts = Self.firsts(list) }
    for (index, json) in list.enumerated() { try addEntry(json, index, surroundings, to: &scope) }
    for index in list.indices where scope.isSequential ? index > 0 : true {
      try connect(list[index], index, in: &scope)
    }
    if scope.isSequential {
      scope.inputs = ports(0, of: scope)
      scope.outputs = ports(scope.entries.count - 1, of: scope)
    } else {
      scope.inputs = try references(config["input_layers"], "input_layers", scope)
      scope.outputs = try references(config["output_layers"], "output_layers", scope)
    }
    return scope
  }

  private func invalidModel(
    _ models: [String], _ member: String, _ expected: String, _ found: JSON?
  ) -> ScaleNetError {
    let name = models.isEmpty ? "" : "model \(models.joined(separator: "/").escapedForMessage): "
    return .invalidModel(
      path: path, place: "\(place): \(name)config.\(member)", expected: expected,
      found: found?.kind ?? "nothing")
  }

  /// Puts an input first in a Sequential model, if there is none.
  private func addInput(to list: inout [JSON], _ config: JSON, _ models: [String]) throws(ScaleNetError) {
    guard let first = list.first else { throw invalidModel(models, "layers", "layers", nil) }
    if first["class_name"] == .string(LayerClass.input.rawValue) { return }
    // Keras's own name for it.
    var name = "input"
    if case .string(let text)? = first["name"] ?? first["config"]?["name"] { name = "\(text)_input" }
    var settings: [JSON.Member] = [JSON.Member(key: "name", value: .string(name))]
    if models.isEmpty {
      let stated =
        first["config"]?["batch_input_shape"] ?? first["config"]?["batch_shape"]
        ?? config["build_input_shape"] ?? Self.inputShape(first)
      guard let shape = stated, shape != .null else {
        throw .invalidModel(
          path: path, place: "\(place): the first layer", expected: "the shape of the input", found: "none")
      }
      settings.append(JSON.Member(key: "batch_input_shape", value: shape))
    }
    list.insert(
      .members(["class_name": .string(LayerClass.input.rawValue), "config": .object(settings)]), at: 0)
  }

  /// The shape of the input of a model that is the first of a Sequential one.
  private static func inputShape(_ model: JSON) -> JSON? {
    guard case .array(let layers)? = model["config"]?["layers"], let input = layers.first else { return nil }
    return input["config"]?["batch_input_shape"] ?? input["config"]?["batch_shape"]
  }

  private mutating func addEntry(
    _ json: JSON, _ index: Int, _ surroundings: Surroundings, to scope: inout ModelScope
  ) throws(ScaleNetError) {
    guard case .string(let className)? = json["class_name"], let settings = json["config"],
      case .string(let name)? = json["name"] ?? settings["name"] ?? Self.nameless(settings, index),
      !name.isEmpty
    else {
      throw .invalidModel(
        path: path, place: "\(place): layer \(index)", expected: "a class, a configuration and a name",
        found: json.kind)
    }
    guard scope.names.updateValue(scope.entries.count, forKey: name) == nil else {
      throw invalid(name, className, "name", "names that differ", "it twice")
    }
    let isModel = Self.modelClasses.contains(className)
    let kind =
      isModel ? nil : try LayerKind(json, className, settings) { invalid(name, className, $0, $1, $2) }
    // A model that is not sequential says how often each layer is called.
    var count = 1
    if !scope.isSequential, case .array(let nodes)? = json["inbound_nodes"] { count = max(1, nodes.count) }
    guard count <= Self.mostLayers - layers.count else {
      throw invalid(name, className, "inbound_nodes", "at most \(Self.mostLayers) layers", "\(count)")
    }
    var entry = ModelScope.Entry(
      name: name, className: className, calls: [], inputs: [],
      firstCall: isModel ? firstCall(className, settings, name, surroundings) : 0,
      firstPort: isModel ? firstCall(className, settings, nil, surroundings) : 0)
    let first = layers.count
    for call in 0..<count {
      // The same layers again stand for the same weights.
      let start = layers.count
      let callName = call == 0 ? name : "\(name):\(call)"
      if let kind {
        var layer = LayerConfiguration(
          index: start, layerClass: kind.layerClass, className: className, operation: kind.operation,
          name: (surroundings.calls + [callName]).joined(separator: "/"), ownName: name, settings: settings,
          source: start)
        layer.isTrainable = !surroundings.isFrozen && settings["trainable"] != .bool(false)
        layers.append(layer)
        entry.calls.append(.layer(start))
      } else {
        let inner = Surroundings(
          models: surroundings.models + [name], calls: surroundings.calls + [callName],
          isFrozen: surroundings.isFrozen)
        entry.calls.append(.model(try self.scope(className, settings, inner)))
      }
      if call > 0 {
        for index in start..<layers.count { layers[index].source = layers[index - start + first].source }
      }
      entry.inputs.append([])
    }
    scope.entries.append(entry)
  }

  /// The name that the oldest Sequential models, which are lists, do without.
  private static func nameless(_ settings: JSON, _ index: Int) -> JSON? {
    if case .array = settings { .string("sequential_\(index)") } else { nil }
  }

  private func invalid(
    _ name: String, _ className: String, _ place: String, _ expected: String, _ found: String
  ) -> ScaleNetError {
    .invalidLayer(
      path: path, layer: name, className: className, place: place, expected: expected, found: found)
  }

  /// The number that references give the first call of a model: where it was made of layers that were called on an input,
  /// that call is counted too. Keras 3 does not count it any more where layers refer to it, which a reference to number 0 shows.
  ///
  /// - Parameter name: nil for references of the model's own inputs and outputs.
  private func firstCall(
    _ className: String, _ config: JSON, _ name: String?, _ surroundings: Surroundings
  ) -> Int {
    if className != "Sequential" {
      return isKeras3 && name.map { surroundings.firsts.contains($0) } == true ? 0 : 1
    }
    guard !isKeras3, case .array(let list)? = config["layers"] else { return 0 }
    return list.first?["class_name"] == .string(LayerClass.input.rawValue) ? 1 : 0
  }

  /// The entries of a list of layers whose call number 0 something refers to.
  private static func firsts(_ list: [JSON]) -> Set<String> {
    var result = Set<String>()
    // What is left to look at.
    var rest = list.compactMap { $0["inbound_nodes"] }
    while let next = rest.popLast() {
      switch next {
      case .array(let items):
        if items.count >= 3, case .string(let name) = items[0], items[1] == .integer(0) {
          result.insert(name)
        }
        rest += items
      case .object(let members): rest += members.map(\.value)
      default: break
      }
    }
    return result
  }

  /// Lets the calls of an entry read what its `inbound_nodes` name, or the entry before it.
  private mutating func connect(_ json: JSON, _ index: Int, in scope: inout ModelScope) throws(ScaleNetError)
  {
    let entry = scope.entries[index]
    if scope.isSequential {
      var call = InboundCall()
      let before = ModelScope.Reference(entry: index - 1, call: 0)
      for (layer, tensor) in scope.layers(before) {
        call.arguments.append(.init(name: nil, value: .input(call.sources.count)))
        call.sources.append(InboundCall.Source(layer: layer, tensor: tensor, reference: before, key: nil))
      }
      try connect(call, 0, entry, index, in: &scope)
      return
    }
    guard case .array(let nodes) = json["inbound_nodes"] ?? [] else {
      throw invalid(entry.name, entry.className, "inbound_nodes", "a list", json.kind)
    }
    let isInput = entry.className == LayerClass.input.rawValue
    guard isInput == nodes.isEmpty else {
      throw invalid(
        entry.name, entry.className, "inbound_nodes", isInput ? "none" : "at least one use of the layer",
        "\(nodes.count)")
    }
    // All calls are read before the first is noted: lists that a reader shares would be copied at every change.
    for (number, call) in try calls(nodes, of: entry, in: scope).enumerated() {
      try connect(call, number, entry, index, in: &scope)
    }
  }

  private func calls(
    _ nodes: [JSON], of entry: ModelScope.Entry, in scope: ModelScope
  ) throws(ScaleNetError) -> [InboundCall] {
    var takesArguments = false
    if case .layer(let layer) = entry.calls[0] {
      takesArguments = layers[layer].operation != nil || layers[layer].layerClass.takesArguments
    }
    var reader = InboundReader(self, entry, scope, takesArguments: takesArguments)
    var calls: [InboundCall] = []
    for node in nodes { calls.append(try reader.read(node)) }
    return calls
  }

  private mutating func connect(
    _ call: InboundCall, _ number: Int, _ entry: ModelScope.Entry, _ index: Int, in scope: inout ModelScope
  ) throws(ScaleNetError) {
    scope.entries[index].inputs[number] = call.sources.map(\.reference)
    switch entry.calls[number] {
    case .layer(let layer):
      layers[layer].inputs = call.sources.map(\.layer)
      layers[layer].tensors = call.sources.map(\.tensor)
      layers[layer].arguments = call.arguments
      layers[layer].isTraining = call.isTraining
    case .model(let inner):
      guard inner.inputs.count == call.sources.count else {
        throw invalid(
          entry.name, entry.className, "inbound_nodes", "\(inner.inputs.count) inputs",
          "\(call.sources.count)")
      }
      for (position, source) in call.sources.enumerated() {
        // Dictionaries are matched by their keys.
        let named = source.key.map { key in inner.inputs.firstIndex { $0.name == key } } ?? position
        guard let named else {
          throw invalid(
            entry.name, entry.className, "inbound_nodes",
            "the inputs \(inner.inputs.map(\.name).joined(separator: ", "))", source.key ?? "")
        }
        layers[inner.inputs[named].layer].inputs = [source.layer]
        layers[inner.inputs[named].layer].tensors = [source.tensor]
      }
      if call.isTraining { train(inner) }
    }
  }

  /// What is called as in training calls all that it has so.
  private mutating func train(_ scope: ModelScope) {
    for content in scope.entries.flatMap(\.calls) {
      switch content {
      case .layer(let layer): layers[layer].isTraining = true
      case .model(let inner): train(inner)
      }
    }
  }

  /// The call of a layer that `["name", node, tensor]` means.
  func resolve(
    _ json: JSON, _ scope: ModelScope, isPort: Bool = false
  ) -> (layer: Int, tensor: Int, reference: ModelScope.Reference)? {
    guard case .array(let parts) = json, parts.count >= 3, case .string(let name) = parts[0],
      case .integer(let node) = parts[1], case .integer(let tensor) = parts[2], node >= 0,
      (0..<Self.mostTensors).contains(tensor),
      let index = scope.names[name]
    else { return nil }
    let entry = scope.entries[index]
    var call = node - (isPort ? entry.firstPort : entry.firstCall)
    // Whether a model's own inputs count as its first call has changed: with one call there is no doubt.
    if case .model = entry.calls[0], entry.calls.count == 1, node <= 1 { call = 0 }
    guard entry.calls.indices.contains(call) else { return nil }
    let reference = ModelScope.Reference(entry: index, call: call)
    let yielded = scope.layers(reference, atLeast: tensor + 1)
    guard yielded.indices.contains(tensor) else { return nil }
    return (yielded[tensor].layer, yielded[tensor].tensor, reference)
  }

  /// What an entry of a Sequential model yields.
  private func ports(_ entry: Int, of scope: ModelScope) -> [ModelScope.Port] {
    let reference = ModelScope.Reference(entry: entry, call: 0)
    return scope.layers(reference).map {
      ModelScope.Port(
        layer: $0.layer, tensor: $0.tensor, reference: reference, name: scope.entries[entry].name)
    }
  }

  /// The layers that `input_layers` or `output_layers` name: `["in", 0, 0]`, or lists and dictionaries of such, whose
  /// members Keras takes in the order of their keys.
  private func references(
    _ json: JSON?, _ member: String, _ scope: ModelScope
  ) throws(ScaleNetError) -> [ModelScope.Port] {
    func failure(_ found: JSON?) -> ScaleNetError {
      invalidModel(scope.models, member, "a list of layers", found)
    }
    var result: [ModelScope.Port] = []
    // What is left to look at, the last first.
    var rest: [(json: JSON, key: String?)] = json.map { [($0, nil)] } ?? []
    while let (next, key) = rest.popLast() {
      switch next {
      case .array(let items) where items.first.map { if case .string = $0 { true } else { false } } ?? false:
        guard let found = resolve(next, scope, isPort: true) else { throw failure(next) }
        let name = key ?? scope.entries[found.reference.entry].name
        result.append(
          ModelScope.Port(
            layer: found.layer, tensor: found.tensor, reference: found.reference, name: name))
      case .array(let items): rest += items.reversed().map { ($0, nil) }
      case .object(let members):
        rest += members.sorted { $0.key < $1.key }.reversed().map { ($0.value, $0.key) }
      default: throw failure(next)
      }
    }
    guard !result.isEmpty else { throw failure(json) }
    return result
  }
}
