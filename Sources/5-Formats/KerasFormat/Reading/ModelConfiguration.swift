import FileIO
import JSONText

/// The layers of a model and how they are connected, from `model_config` or `config.json`.
///
/// Both forms of `inbound_nodes` are read, that of Keras 2 and of `.h5` files and that of Keras 3. The layers of a model
/// within the model are layers of the model.
struct ModelConfiguration {
  let name: String
  /// All calls of layers.
  let layers: [LayerConfiguration]
  let inputs: [Int]
  /// The layers that yield the outputs, and Keras's names of these.
  let outputs: [(layer: Int, tensor: Int, name: String)]
  /// Whether Keras 3 saved the file; a function has another meaning there than in Keras 2.
  let isKeras3: Bool
  let scope: ModelScope

  /// - Parameters:
  ///   - place: the attribute or member, for messages.
  ///   - version: the version of Keras that the file states.
  init(_ text: [UInt8], version: String, place: String, path: String) throws(ScaleNetError) {
    let json: JSON
    do throws(ScaleNetError) { json = try JSONParser.parse(text, allowsNonFinite: true) } catch {
      throw error.within(place).inFile(path)
    }
    func invalid(_ member: String, _ expected: String, _ found: JSON?) -> ScaleNetError {
      .invalidModel(
        path: path, place: "\(place): \(member)", expected: expected, found: found?.kind ?? "nothing")
    }
    guard case .string(let className)? = json["class_name"], LayerListReader.modelClasses.contains(className)
    else { throw invalid("class_name", "Functional, Model or Sequential", json["class_name"]) }
    guard let config = json["config"] else { throw invalid("config.layers", "a list of layers", nil) }
    if case .string(let name)? = config["name"], !name.isEmpty { self.name = name } else { name = "model" }
    isKeras3 = version.hasPrefix("3.")
    var reader = LayerListReader(path: path, place: place, isKeras3: isKeras3)
    scope = try reader.scope(className, config, LayerListReader.Surroundings())
    layers = reader.layers
    inputs = scope.inputs.map(\.layer)
    outputs = zip(scope.outputs, Self.distinct(scope.outputs.map(\.name))).map {
      ($0.layer, $0.tensor, $1)
    }
    try checkOrder(path: path)
  }

  /// Names of outputs as Keras tells them apart: a number is added from the second of a name on.
  private static func distinct(_ names: [String]) -> [String] {
    var taken = Set<String>()
    return names.map { name in
      var unique = name
      var number = 1
      while !taken.insert(unique).inserted {
        unique = "\(name)_\(number)"
        number += 1
      }
      return unique
    }
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
        path: path, layer: layer.name, className: layer.className, place: "inbound_nodes",
        expected: "layers that do not depend on this one", found: "a circle")
    }
  }
}
