package import FileIO
import HDF5
import JSONText
package import ModelIR

extension KerasReader {
  /// What a file of a model says of itself, whether its layers are known or not. Stored tensors have the names of their
  /// places in the file, and Keras's layout.
  ///
  /// - Throws: if it is no model of Keras, or its tensors are damaged.
  package static func survey(_ file: ByteRegion) throws(ScaleNetError) -> GraphSurvey {
    let survey = try survey(try KerasParts(file), path: file.origin)
    try file.checkIntact()
    return survey
  }

  /// The same of a file that was taken apart already.
  static func survey(_ parts: KerasParts, path: String) throws(ScaleNetError) -> GraphSurvey {
    let json: JSON
    do throws(ScaleNetError) {
      json = try JSONParser.parse(parts.configuration, allowsNonFinite: true)
    } catch { throw error.within(parts.place).inFile(path) }
    var tensors = StateDict()
    do throws(ScaleNetError) {
      var (budget, count) = (parts.budget, 0)
      try collect(parts.weights, prefix: "", level: 0, into: &tensors, budget: &budget, count: &count)
    } catch { throw error.inFile(path) }
    var walk = LayerWalk()
    walk.addLayers(of: json, level: 0)
    var summary = GraphSummary(
      name: json["config"]?["name"]?.string ?? "", inputs: inputs(of: json), outputs: outputs(of: json),
      operators: walk.classes,
      initializers: tensors.entries.map { entry in
        GraphSummary.Initializer(
          name: entry.name, type: entry.tensor.dataType.rawValue, shape: entry.tensor.shape.dimensions,
          bytes: entry.tensor.byteCount)
      },
      metadata: parts.metadata.map { GraphSummary.Entry(key: $0.key, value: $0.value) })
    (summary.producer, summary.producerVersion) = ("Keras", parts.version.isEmpty ? nil : parts.version)
    var open: [String] = []
    for port in summary.inputs {
      for case .open in (port.shape ?? []).dropFirst() { open.append("one of \(port.name)") }
    }
    return GraphSurvey(
      summary: summary, tensors: tensors, unknownOperators: walk.unknown, openExtents: open)
  }

  /// The layers of a list in the configuration; a Sequential model of the oldest form is a list itself.
  private static func layers(of model: JSON) -> [JSON] {
    model["config"]?.array ?? model["config"]?["layers"]?.array ?? []
  }

  /// Classes of layers, also of those of models within the model.
  private struct LayerWalk {
    var classes: [String] = []
    /// Those that are not known here, each once.
    var unknown: [String] = []
    private var seen = Set<String>()

    mutating func addLayers(of model: JSON, level: Int) {
      for layer in KerasReader.layers(of: model) {
        guard let name = layer["class_name"]?.string else { continue }
        if LayerListReader.modelClasses.contains(name), level < 32 {
          addLayers(of: layer, level: level + 1)
          continue
        }
        classes.append(name)
        let settings = layer["config"] ?? .null
        let isKnown =
          (try? LayerKind(layer, name, settings) { ScaleNetError(place: $0, expected: $1, found: $2) }) != nil
        if isKnown { continue }
        // What an operation computes is told by its function.
        let shown = settings["function"]?.string.map { "\(name) \($0)" } ?? name
        if seen.insert(shown).inserted { unknown.append(shown) }
      }
    }
  }

  /// The input layers of the model; of a Sequential one the first layer says the shape.
  private static func inputs(of model: JSON) -> [GraphSummary.Port] {
    let layers = layers(of: model)
    let named = layers.filter { $0["class_name"] == "InputLayer" }
    let shown = named.isEmpty ? Array(layers.prefix(1)) : named
    return shown.map { layer in
      let settings = layer["config"] ?? .null
      let stated =
        settings["batch_shape"] ?? settings["batch_input_shape"] ?? model["config"]?["build_input_shape"]
      let shape = stated?.unwrapped.array?.map { item -> GraphSummary.Extent in
        item.integer.map(GraphSummary.Extent.fixed) ?? .open("?")
      }
      let type = settings["dtype"]
      return GraphSummary.Port(
        name: layer["name"]?.string ?? settings["name"]?.string ?? "",
        type: type?["config"]?["name"]?.string ?? type?.string, shape: shape)
    }
  }

  /// The names of the layers that yield the outputs; of a Sequential model the last.
  private static func outputs(of model: JSON) -> [GraphSummary.Port] {
    var names: [String] = []
    var rest = [model["config"]?["output_layers"] ?? .null]
    while let next = rest.popLast() {
      switch next {
      case .array(let items):
        if let name = items.first?.string { names.append(name) } else { rest += items.reversed() }
      case .object(let members): rest += members.reversed().map(\.value)
      case .null, .bool, .integer, .number, .string: break
      }
    }
    if names.isEmpty, let last = layers(of: model).last {
      names = [last["name"]?.string ?? last["config"]?["name"]?.string ?? ""]
    }
    return names.map { GraphSummary.Port(name: $0) }
  }
}
