import FileIO

/// Reads the lists of layers of a configuration: of the model, and of models that it has in place of layers.
struct LayerListReader {
  let path: String
  let place: String
  /// All layers; those of models within the model are among them.
  private(set) var layers: [LayerConfiguration] = []

  /// More layers are an error: a configuration has hundreds.
  private static let mostLayers = 100_000
  static let modelClasses: Set<String> = ["Functional", "Model", "Sequential"]

  init(path: String, place: String) {
    self.path = path
    self.place = place
  }

  /// The layers of a model. The reader's own list grows by them.
  ///
  /// - Parameters:
  ///   - models: the models around it and its own name, without the outermost.
  mutating func scope(_ className: String, _ config: JSON, models: [String]) throws(ScaleNetError)
    -> ModelScope
  {
    var scope = ModelScope(isSequential: className == "Sequential", models: models)
    guard case .array(var list)? = config["layers"] else {
      throw invalidModel(models, "layers", "a list of layers", config["layers"])
    }
    guard list.count <= Self.mostLayers - layers.count else {
      throw invalidModel(models, "layers", "at most \(Self.mostLayers) layers", config["layers"])
    }
    if scope.isSequential { try addInput(to: &list, config, models) }
    for (index, json) in list.enumerated() { try addEntry(json, index, to: &scope) }
    for index in list.indices where scope.isSequential ? index > 0 : true {
      try connect(list[index], index, in: &scope)
    }
    if scope.isSequential {
      scope.inputs = layerIndices(scope.entries[0])
      scope.outputEntries = [scope.entries.count - 1]
      scope.outputs = layerIndices(scope.entries[scope.entries.count - 1])
    } else {
      scope.inputs = try references(config["input_layers"], "input_layers", scope).map(\.layer)
      let outputs = try references(config["output_layers"], "output_layers", scope)
      scope.outputs = outputs.map(\.layer)
      scope.outputEntries = outputs.map(\.entry)
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
    var settings: [JSON.Member] = [JSON.Member(key: "name", value: "input")]
    if models.isEmpty {
      let stated =
        first["config"]?["batch_input_shape"] ?? first["config"]?["batch_shape"] ?? config[
          "build_input_shape"]
        ?? Self.inputShape(first)
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

  private mutating func addEntry(_ json: JSON, _ index: Int, to scope: inout ModelScope) throws(ScaleNetError)
  {
    guard case .string(let className)? = json["class_name"], let settings = json["config"],
      case .object = settings, case .string(let name)? = json["name"] ?? settings["name"], !name.isEmpty
    else {
      throw .invalidModel(
        path: path, place: "\(place): layer \(index)", expected: "a class, a configuration and a name",
        found: json.kind)
    }
    func invalid(_ member: String, _ expected: String, _ found: String) -> ScaleNetError {
      .invalidLayer(
        path: path, layer: name, className: className, place: member, expected: expected, found: found)
    }
    let isModel = Self.modelClasses.contains(className)
    let layerClass = LayerClass(rawValue: className)
    guard isModel || layerClass != nil else {
      throw invalid("class_name", "one of Keras's plain layers that is known here", className)
    }
    // A layer of somebody's own may have a plain layer's name, and so have operations of Keras's own.
    switch json["module"] {
    case nil, .null?, .string("keras.layers")?, .string("keras")?, .string("keras.models")?: break
    case .string("keras.src.ops.numpy")? where layerClass?.isArithmetic == true: break
    case .string(let module)?
    where (module.hasPrefix("keras.src.") && !module.hasPrefix("keras.src.ops."))
      || module.hasPrefix("keras.layers."):
      break
    case let module?: throw invalid("module", "keras.layers", module.kind)
    }
    switch json["registered_name"] {
    case nil, .null?, .string(className)?: break
    case let registered?: throw invalid("registered_name", "none", registered.kind)
    }
    guard scope.names.updateValue(scope.entries.count, forKey: name) == nil else {
      throw invalid("name", "names that differ", "it twice")
    }
    let content: ModelScope.Content
    if let layerClass, !isModel {
      content = .layer(layers.count)
      layers.append(
        LayerConfiguration(
          index: layers.count, layerClass: layerClass, name: (scope.models + [name]).joined(separator: "/"),
          models: scope.models, ownName: name, settings: settings))
    } else {
      content = .model(try self.scope(className, settings, models: scope.models + [name]))
    }
    scope.entries.append(ModelScope.Entry(name: name, className: className, content: content))
  }

  /// Lets an entry read what its `inbound_nodes` name, or the entry before it.
  private mutating func connect(_ json: JSON, _ index: Int, in scope: inout ModelScope) throws(ScaleNetError)
  {
    let entry = scope.entries[index]
    var call = InboundCall()
    if scope.isSequential {
      let before = layerIndices(scope.entries[index - 1])
      call.layers = before.map { (layer: $0, entry: index - 1) }
    } else {
      call = try inbound(json["inbound_nodes"] ?? [], entry, scope)
    }
    scope.entries[index].inputs = call.layers.map(\.entry)
    switch entry.content {
    case .layer(let layer):
      layers[layer].inputs = call.layers.map(\.layer)
      layers[layer].operand = call.operand
      layers[layer].isTraining = call.isTraining
    case .model(let inner):
      guard inner.inputs.count == call.layers.count else {
        throw .invalidLayer(
          path: path, layer: entry.name, className: entry.className, place: "inbound_nodes",
          expected: "\(inner.inputs.count) inputs", found: "\(call.layers.count)")
      }
      for (input, source) in zip(inner.inputs, call.layers) { layers[input].inputs = [source.layer] }
      if call.isTraining { train(inner) }
    }
  }

  /// What is called as in training calls all that it has so.
  private mutating func train(_ scope: ModelScope) {
    for entry in scope.entries {
      switch entry.content {
      case .layer(let layer): layers[layer].isTraining = true
      case .model(let inner): train(inner)
      }
    }
  }

  /// The layers that yield what an entry yields.
  private func layerIndices(_ entry: ModelScope.Entry) -> [Int] {
    switch entry.content {
    case .layer(let layer): [layer]
    case .model(let scope): scope.outputs
    }
  }

  /// The layer that `["name", node, tensor]` means.
  func resolve(_ json: JSON, _ scope: ModelScope) -> (layer: Int, entry: Int)? {
    guard case .array(let parts) = json, parts.count >= 3, case .string(let name) = parts[0],
      case .integer(let node) = parts[1], case .integer(let tensor) = parts[2],
      let index = scope.names[name]
    else { return nil }
    switch scope.entries[index].content {
    case .layer(let layer):
      return node == 0 && tensor == 0 ? (layer, index) : nil
    case .model(let inner):
      // Keras 2 counts a model's own inputs as its first call.
      return (0...1).contains(node) && inner.outputs.indices.contains(tensor)
        ? (inner.outputs[tensor], index) : nil
    }
  }

  /// The layers that `input_layers` or `output_layers` name: `["in", 0, 0]` or a list of such.
  private func references(
    _ json: JSON?, _ member: String, _ scope: ModelScope
  ) throws(ScaleNetError) -> [(layer: Int, entry: Int)] {
    guard case .array(let items)? = json, let first = items.first else {
      throw invalidModel(scope.models, member, "a list of layers", json)
    }
    let entries: [JSON]
    if case .string = first { entries = [.array(items)] } else { entries = items }
    var result: [(layer: Int, entry: Int)] = []
    for entry in entries {
      guard let found = resolve(entry, scope) else {
        throw invalidModel(scope.models, member, "a list of layers", entry)
      }
      result.append(found)
    }
    return result
  }
}
