/// Reads the list of layers of a configuration.
struct LayerListReader {
  private let path: String
  private let place: String
  private var indices: [String: Int] = [:]

  init(path: String, place: String) {
    self.path = path
    self.place = place
  }

  /// The layers of a Functional model.
  mutating func layers(_ list: [JSON]) throws(KerasError) -> [LayerConfiguration] {
    var parts: [(layerClass: LayerClass, name: String, settings: JSON)] = []
    for (index, json) in list.enumerated() { parts.append(try part(json, index)) }
    var layers: [LayerConfiguration] = []
    for (index, part) in parts.enumerated() {
      let nodes = list[index]["inbound_nodes"] ?? []
      let (inputs, isTraining) = try inbound(nodes, part.name, part.layerClass)
      layers.append(
        LayerConfiguration(
          index: index, layerClass: part.layerClass, name: part.name, settings: part.settings, inputs: inputs,
          isTraining: isTraining))
    }
    return layers
  }

  /// The layers of a Sequential model, each of which reads the one before. An input is put first if there is none.
  mutating func sequence(_ list: [JSON], buildShape: JSON?) throws(KerasError) -> [LayerConfiguration] {
    var list = list
    guard let first = list.first else {
      throw .invalidModel(path: path, place: place, expected: "layers", found: "none")
    }
    if first["class_name"] != .string(LayerClass.input.rawValue) {
      let stated = first["config"]?["batch_input_shape"] ?? first["config"]?["batch_shape"] ?? buildShape
      guard let shape = stated, shape != .null else {
        throw .invalidModel(
          path: path, place: "\(place): the first layer", expected: "the shape of the input", found: "none")
      }
      list.insert(
        .members([
          "class_name": .string(LayerClass.input.rawValue),
          "config": .members(["name": "input", "batch_input_shape": shape]),
        ]), at: 0)
    }
    var layers: [LayerConfiguration] = []
    for (index, json) in list.enumerated() {
      let part = try part(json, index)
      layers.append(
        LayerConfiguration(
          index: index, layerClass: part.layerClass, name: part.name, settings: part.settings,
          inputs: index == 0 ? [] : [index - 1], isTraining: false))
    }
    return layers
  }

  /// The layers that `input_layers` or `output_layers` name: `["in", 0, 0]` or a list of such.
  func references(_ json: JSON?, _ member: String) throws(KerasError) -> [Int] {
    func invalid(_ found: JSON?) -> KerasError {
      .invalidModel(
        path: path, place: "\(place): config.\(member)", expected: "a list of layers",
        found: found?.kind ?? "nothing")
    }
    guard case .array(let items)? = json, let first = items.first else { throw invalid(json) }
    let entries: [JSON]
    if case .string = first { entries = [.array(items)] } else { entries = items }
    var result: [Int] = []
    for entry in entries {
      guard case .array(let parts) = entry, parts.count == 3, case .string(let name) = parts[0],
        parts[1] == .integer(0), parts[2] == .integer(0), let index = indices[name]
      else { throw invalid(entry) }
      result.append(index)
    }
    return result
  }

  private mutating func part(
    _ json: JSON, _ index: Int
  ) throws(KerasError) -> (layerClass: LayerClass, name: String, settings: JSON) {
    guard case .string(let className)? = json["class_name"], let settings = json["config"],
      case .object = settings, case .string(let name)? = json["name"] ?? settings["name"], !name.isEmpty
    else {
      throw .invalidModel(
        path: path, place: "\(place): layer \(index)", expected: "a class, a configuration and a name",
        found: json.kind)
    }
    func invalid(_ member: String, _ expected: String, _ found: String) -> KerasError {
      .invalidLayer(
        path: path, layer: name, className: className, place: member, expected: expected, found: found)
    }
    guard let layerClass = LayerClass(rawValue: className) else {
      throw invalid("class_name", "one of Keras's plain layers that is known here", className)
    }
    // A layer of somebody's own may have a plain layer's name.
    switch json["module"] {
    case nil, .null?, .string("keras.layers")?: break
    case .string(let module)? where module.hasPrefix("keras.src.") || module.hasPrefix("keras.layers."): break
    case let module?: throw invalid("module", "keras.layers", module.kind)
    }
    switch json["registered_name"] {
    case nil, .null?, .string(className)?: break
    case let registered?: throw invalid("registered_name", "none", registered.kind)
    }
    guard indices.updateValue(index, forKey: name) == nil else {
      throw invalid("name", "names that differ", "it twice")
    }
    return (layerClass, name, settings)
  }

  /// The layers that a layer reads. It must be called once.
  private func inbound(
    _ json: JSON, _ name: String, _ layerClass: LayerClass
  ) throws(KerasError) -> (inputs: [Int], isTraining: Bool) {
    func invalid(_ expected: String, _ found: String) -> KerasError {
      .invalidLayer(
        path: path, layer: name, className: layerClass.rawValue, place: "inbound_nodes", expected: expected,
        found: found)
    }
    guard case .array(let nodes) = json else { throw invalid("a list", json.kind) }
    if layerClass == .input {
      guard nodes.isEmpty else { throw invalid("none", json.kind) }
      return ([], false)
    }
    guard nodes.count == 1 else { throw invalid("one use of the layer", "\(nodes.count)") }
    let references: [JSON]
    var options: [JSON.Member] = []
    if let arguments = nodes[0]["args"] {
      guard case .array(let items) = arguments, items.count == 1 else {
        throw invalid("one argument", arguments.kind)
      }
      if case .array(let tensors) = items[0] { references = tensors } else { references = items }
      if case .object(let members)? = nodes[0]["kwargs"] { options = members }
    } else if case .array(let items) = nodes[0] {
      references = items
      for case .array(let parts) in items where parts.count == 4 {
        if case .object(let members) = parts[3] { options += members }
      }
    } else {
      throw invalid("a list of layers", nodes[0].kind)
    }
    var inputs: [Int] = []
    for reference in references {
      guard case .array(let parts)? = history(reference), parts.count >= 3,
        case .string(let source) = parts[0],
        parts[1] == .integer(0), parts[2] == .integer(0), let index = indices[source]
      else { throw invalid("the first output of a layer of the model", reference.kind) }
      inputs.append(index)
    }
    guard !inputs.isEmpty else { throw invalid("at least one layer", "none") }
    for option in options where option.key != "training" && option.value != .null {
      throw invalid("no arguments but tensors", option.key)
    }
    return (inputs, options.contains { $0.key == "training" && $0.value == .bool(true) })
  }

  /// `["name", node, tensor]`, which Keras 3 wraps in the description of a tensor.
  private func history(_ json: JSON) -> JSON? {
    guard case .object = json else { return json }
    guard json["class_name"] == .string("__keras_tensor__") else { return nil }
    return json["config"]?["keras_history"]
  }
}
