import FileIO
import JSONText

/// The layers of a model and how they are connected, from `model_config` or `config.json`.
///
/// Both forms of `inbound_nodes` are read, that of Keras 2 and of `.h5` files and that of Keras 3. The layers of a model
/// within the model are layers of the model.
struct ModelConfiguration {
  let name: String
  let layers: [LayerConfiguration]
  let inputs: [Int]
  let outputs: [Int]
  /// Whether Keras 3 saved the file; a function has another meaning there than in Keras 2.
  let isKeras3: Bool
  private let scope: ModelScope

  /// - Parameters:
  ///   - place: the attribute or member, for messages.
  ///   - version: the version of Keras that the file states.
  init(_ text: [UInt8], version: String, place: String, path: String) throws(ScaleNetError) {
    let json: JSON
    do throws(ScaleNetError) { json = try JSONParser.parse(text) } catch {
      throw error.within(place).inFile(path)
    }
    func invalid(_ member: String, _ expected: String, _ found: JSON?) -> ScaleNetError {
      .invalidModel(
        path: path, place: "\(place): \(member)", expected: expected, found: found?.kind ?? "nothing")
    }
    guard case .string(let className)? = json["class_name"], LayerListReader.modelClasses.contains(className)
    else { throw invalid("class_name", "Functional, Model or Sequential", json["class_name"]) }
    // The oldest Sequential models had a list in place of the object.
    guard let config = json["config"], case .object = config else {
      throw invalid("config.layers", "a list of layers", json["config"])
    }
    if case .string(let name)? = config["name"], !name.isEmpty { self.name = name } else { name = "model" }
    isKeras3 = version.hasPrefix("3.")
    var reader = LayerListReader(path: path, place: place)
    scope = try reader.scope(className, config, models: [])
    layers = reader.layers
    inputs = scope.inputs
    outputs = scope.outputs
    try checkOrder(path: path)
  }

  /// The groups of the layers' weights in `.weights.h5`.
  var classGroups: [String] {
    var groups = [String](repeating: "", count: layers.count)
    scope.addClassGroups(to: &groups)
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
  private func checkOrder(path: String) throws(ScaleNetError) {
    let sorted = sorted()
    guard sorted.count < layers.count else { return }
    let reached = Set(sorted.map(\.index))
    for layer in layers where !reached.contains(layer.index) {
      throw .invalidLayer(
        path: path, layer: layer.name, className: layer.layerClass.rawValue, place: "inbound_nodes",
        expected: "layers that do not depend on this one", found: "a circle")
    }
  }
}
