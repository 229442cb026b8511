/// The layers of a model and how they are connected, from `model_config` or `config.json`.
///
/// Both forms of `inbound_nodes` are read, that of Keras 2 and of `.h5` files and that of Keras 3.
struct ModelConfiguration {
  let name: String
  let layers: [LayerConfiguration]
  let inputs: [Int]
  let outputs: [Int]
  private let isSequential: Bool

  /// More layers are an error: a configuration has hundreds.
  private static let mostLayers = 100_000

  /// - Parameter place: the attribute or member, for messages.
  init(_ text: [UInt8], place: String, path: String) throws(KerasError) {
    let json: JSON
    do throws(JSONParser.Failure) { json = try JSONParser.parse(text) } catch {
      throw .malformedConfiguration(
        path: path, place: place, offset: error.offset, expected: error.expected, found: error.found)
    }
    func invalid(_ member: String, _ expected: String, _ found: JSON?) -> KerasError {
      .invalidModel(
        path: path, place: "\(place): \(member)", expected: expected, found: found?.kind ?? "nothing")
    }
    guard case .string(let className)? = json["class_name"],
      ["Functional", "Model", "Sequential"].contains(className)
    else { throw invalid("class_name", "Functional, Model or Sequential", json["class_name"]) }
    // The oldest Sequential models had a list in place of the object.
    guard let config = json["config"], case .array(let list)? = config["layers"] else {
      throw invalid("config.layers", "a list of layers", json["config"])
    }
    guard list.count <= Self.mostLayers else {
      throw invalid("config.layers", "at most \(Self.mostLayers) layers", config["layers"])
    }
    if case .string(let name)? = config["name"], !name.isEmpty { self.name = name } else { name = "model" }
    var reader = LayerListReader(path: path, place: place)
    isSequential = className == "Sequential"
    if isSequential {
      layers = try reader.sequence(list, buildShape: config["build_input_shape"])
      inputs = [0]
      outputs = [layers.count - 1]
    } else {
      layers = try reader.layers(list)
      inputs = try reader.references(config["input_layers"], "input_layers")
      outputs = try reader.references(config["output_layers"], "output_layers")
      try Self.checkOrder(layers, path: path)
    }
  }

  /// The groups of the layers' weights in `.weights.h5`: numbered by class in the order of `model.layers`.
  var classGroups: [String] {
    let order =
      isSequential
      ? Array(layers.indices.dropFirst()) : ModelOrder(inputs: layers.map(\.inputs), outputs: outputs).layers
    let names = WeightsLayout.classGroups(order.map { layers[$0].layerClass.snakeCase })
    var groups = [String](repeating: "", count: layers.count)
    for (index, name) in zip(order, names) { groups[index] = name }
    return groups
  }

  /// The layers in an order in which each stands behind those that it reads.
  func sorted() -> [LayerConfiguration] {
    var pending = layers.map(\.inputs.count)
    var readers = [[Int]](repeating: [], count: layers.count)
    for layer in layers { for input in layer.inputs { readers[input].append(layer.index) } }
    var ready = layers.indices.filter { pending[$0] == 0 }
    var next = 0
    while next < ready.count {
      for reader in readers[ready[next]] {
        pending[reader] -= 1
        if pending[reader] == 0 { ready.append(reader) }
      }
      next += 1
    }
    return ready.map { layers[$0] }
  }

  /// Fails if layers depend on each other in a circle.
  private static func checkOrder(_ layers: [LayerConfiguration], path: String) throws(KerasError) {
    let configuration = ModelConfiguration(layers)
    let sorted = configuration.sorted()
    guard sorted.count < layers.count else { return }
    let reached = Set(sorted.map(\.index))
    for layer in layers where !reached.contains(layer.index) {
      throw .invalidLayer(
        path: path, layer: layer.name, className: layer.layerClass.rawValue, place: "inbound_nodes",
        expected: "layers that do not depend on this one", found: "a circle")
    }
  }

  private init(_ layers: [LayerConfiguration]) {
    name = ""
    self.layers = layers
    inputs = []
    outputs = []
    isSequential = false
  }
}
