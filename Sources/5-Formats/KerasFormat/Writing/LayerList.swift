import JSONText
import ModelIR

/// The layers of a graph, in the order of `model.layers`: what both containers are written from.
struct LayerList {
  let name: String
  /// Each layer stands behind those that it reads.
  let layers: [Layer]
  let inputs: [Int]
  let outputs: [Int]
  /// The data type policy of all layers.
  let policy: String

  /// The model as `model_config` and `config.json` have it: layers in the form of Keras 2, which Keras 3 reads too.
  var configuration: JSON {
    .members([
      "name": .string(name), "trainable": true,
      "layers": .array(layers.map(configuration)),
      "input_layers": .array(inputs.map(reference)),
      "output_layers": .array(outputs.map(reference)),
    ])
  }

  private func reference(_ index: Int) -> JSON { [.string(layers[index].name), 0, 0] }

  private func configuration(_ layer: Layer) -> JSON {
    var settings: [JSON.Member] = [JSON.Member(key: "name", value: .string(layer.name))]
    if layer.layerClass != .input {
      settings.append(JSON.Member(key: "trainable", value: true))
      settings.append(JSON.Member(key: "dtype", value: .string(layer.dataType ?? policy)))
    }
    let inbound: [JSON] = layer.inputs.map { [.string(layers[$0].name), 0, 0, .object([])] }
    return .members([
      "class_name": .string(layer.layerClass.rawValue), "name": .string(layer.name),
      "config": .object(settings + layer.settings),
      "inbound_nodes": .array(inbound.isEmpty ? [] : [.array(inbound)]),
    ])
  }
}
