import ModelIR

/// Builds the graph of a configuration, layer by layer.
struct GraphAssembler {
  let path: String
  var graph: Graph
  var weights: WeightReader
  /// The order of the input's axes.
  let inputFormat: DataFormat
  private var values: [LayerValue?]
  private var nodeNames: Set<String>

  static func assemble(
    _ configuration: ModelConfiguration, _ weights: WeightReader, path: String
  ) throws(KerasError) -> Model {
    var assembler = GraphAssembler(configuration, weights, path: path)
    for layer in configuration.sorted() {
      var reader = try LayerReader(layer, path: path)
      let value = try assembler.add(layer, &reader)
      try reader.finish()
      assembler.values[layer.index] = value
    }
    try assembler.setOutputs(configuration)
    do throws(GraphError) {
      try assembler.graph.apply([EliminateDeadNodes()])
    } catch { throw .graph(path: path, error: error) }
    return Model(graph: assembler.graph)
  }

  private init(_ configuration: ModelConfiguration, _ weights: WeightReader, path: String) {
    self.path = path
    self.weights = weights
    graph = Graph(name: configuration.name)
    values = Array(repeating: nil, count: configuration.layers.count)
    nodeNames = Set(configuration.layers.map(\.name))
    inputFormat = Self.inputFormat(configuration)
  }

  /// The first layer that says says it for the model: its setting, or a permutation that makes sense in one order only.
  /// Flatten's setting is about what comes out.
  private static func inputFormat(_ configuration: ModelConfiguration) -> DataFormat {
    for layer in configuration.layers where layer.layerClass != .flatten {
      if case .string(let word)? = layer.settings["data_format"] {
        return DataFormat(rawValue: word) ?? .channelsLast
      }
      if layer.layerClass == .permute, layer.settings["dims"] == [2, 3, 1] { return .channelsFirst }
    }
    return .channelsLast
  }

  private mutating func setOutputs(_ configuration: ModelConfiguration) throws(KerasError) {
    var outputs: [ValueID] = []
    for index in configuration.outputs {
      let layer = configuration.layers[index]
      let reader = try LayerReader(layer, path: path)
      let value = try plain(try self.value(of: index, reader), reader)
      if case .vector(let spatial?) = value.arrangement {
        throw reader.failure(
          "output", "elements in the order of PyTorch",
          "a flattened map of \(spatial.height) x \(spatial.width)")
      }
      var id = value.id
      if graph.inputs.contains(id) {
        id = try node(unusedName("\(layer.name)_output"), .identity(Identity()), [id])
      }
      outputs.append(id)
    }
    graph.setOutputs(outputs)
  }

  private func value(of index: Int, _ reader: LayerReader) throws(KerasError) -> LayerValue {
    guard let value = values[index] else {
      throw reader.failure("inbound_nodes", "a layer before it", "none")
    }
    return value
  }

  /// What the only layer that `layer` reads yields, with margins that are still to be put around it.
  func padded(_ reader: LayerReader) throws(KerasError) -> LayerValue {
    guard reader.layer.inputs.count == 1 else {
      throw reader.failure("inbound_nodes", "one layer", "\(reader.layer.inputs.count)")
    }
    return try value(of: reader.layer.inputs[0], reader)
  }

  /// What the only layer that `layer` reads yields.
  mutating func input(_ reader: LayerReader) throws(KerasError) -> LayerValue {
    try plain(try padded(reader), reader)
  }

  /// What all layers that `layer` reads yield.
  mutating func inputs(_ reader: LayerReader) throws(KerasError) -> [LayerValue] {
    var values: [LayerValue] = []
    for index in reader.layer.inputs { values.append(try plain(try value(of: index, reader), reader)) }
    return values
  }

  /// The value with its margins around it.
  mutating func plain(_ value: LayerValue, _ reader: LayerReader) throws(KerasError) -> LayerValue {
    guard let pads = value.pads else { return value }
    var result = value
    result.pads = nil
    result.id = try node(unusedName("\(graph[value.id].name)_pad"), .pad(Pad(margins: pads)), [value.id])
    return result
  }

  /// An image in the order that a layer expects.
  func requireImage(
    _ value: LayerValue, _ format: DataFormat, _ reader: LayerReader
  ) throws(KerasError) {
    guard value.arrangement == .image(format) else {
      throw reader.failure(
        "data_format", "an input of \(format.rawValue)",
        value.arrangement == .image(.channelsFirst) ? "channels_first" : "another")
    }
  }

  /// The known extents of a value; an open batch is -1.
  func extents(_ id: ValueID) -> [Int] { graph[id].type.dimensions.map { $0.value ?? -1 } }

  /// Adds a node with one output.
  mutating func node(_ name: String, _ op: Operator, _ inputs: [ValueID?]) throws(KerasError) -> ValueID {
    do throws(GraphError) {
      return try graph.addNode(name, op, inputs: inputs)[0]
    } catch { throw .graph(path: path, error: error) }
  }

  mutating func initializer(_ name: String, _ tensor: Tensor) throws(KerasError) -> ValueID {
    do throws(GraphError) {
      return try graph.addInitializer(graph.unusedName(name), tensor)
    } catch { throw .graph(path: path, error: error) }
  }

  mutating func addInput(_ name: String, _ type: TensorType) throws(KerasError) -> ValueID {
    do throws(GraphError) {
      return try graph.addInput(name, type)
    } catch { throw .graph(path: path, error: error) }
  }

  /// A name that no layer has.
  mutating func unusedName(_ base: String) -> String {
    var name = base
    var number = 1
    while !nodeNames.insert(name).inserted {
      name = "\(base)_\(number)"
      number += 1
    }
    return name
  }

  /// The weights of a layer, which must have these shapes.
  mutating func weights(
    _ reader: LayerReader, _ expected: [(name: String, shape: TensorShape)]
  ) throws(KerasError) -> [Tensor] {
    let tensors = try weights.tensors(reader.layer, count: expected.count)
    for (tensor, expected) in zip(tensors, expected) where tensor.shape != expected.shape {
      throw .invalidWeight(
        path: path, layer: reader.layer.name, weight: expected.name, expected: "shape \(expected.shape)",
        found: "\(tensor.shape)")
    }
    return tensors
  }
}
