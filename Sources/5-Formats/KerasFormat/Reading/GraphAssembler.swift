import FileIO
import JSONText
import ModelIR

/// Builds the graph of a configuration, layer by layer.
struct GraphAssembler {
  let path: String
  var graph: Graph
  var weights: WeightReader
  /// The order of the input's axes.
  let inputFormat: DataFormat
  let isKeras3: Bool
  let options: KerasReader.Options
  /// By the positions of calls; behind these, values that stand for no call.
  private var values: [[LayerValue]]
  /// What the layer that is being read yields beside its first tensor.
  var furtherValues: [LayerValue] = []
  private var nodeNames: UniqueNames
  /// Weights by where their elements are: a layer that is called several times has them once.
  private var initializers: [Elements: ValueID] = [:]

  private struct Elements: Hashable {
    let storage: ObjectIdentifier
    let offset: Int
    let shape: TensorShape
    let strides: [Int]
  }

  static func assemble(
    _ configuration: ModelConfiguration, _ weights: WeightReader, _ options: KerasReader.Options, path: String
  ) throws(ScaleNetError) -> StoredModel {
    var assembler = GraphAssembler(configuration, weights, options, path: path)
    for layer in configuration.sorted() {
      var reader = try LayerReader(layer, path: path, isKeras3: assembler.isKeras3)
      let value = try assembler.add(layer, &reader)
      try reader.finish()
      assembler.values[layer.index] = [value] + assembler.furtherValues
      assembler.furtherValues = []
    }
    try assembler.setOutputs(configuration)
    do throws(ScaleNetError) {
      try assembler.graph.apply([EliminateDeadNodes()])
    } catch { throw error.inFile(path) }
    assembler.nameOutputs(configuration)
    return StoredModel(
      graph: assembler.graph, isChannelsLast: assembler.inputFormat == .channelsLast,
      notes: assembler.weights.notes)
  }

  private init(
    _ configuration: ModelConfiguration, _ weights: WeightReader, _ options: KerasReader.Options, path: String
  ) {
    self.path = path
    self.options = options
    self.weights = weights
    graph = Graph(name: configuration.name)
    values = Array(repeating: [], count: configuration.layers.count)
    nodeNames = UniqueNames(reserving: Set(configuration.layers.map(\.name)))
    isKeras3 = configuration.isKeras3
    inputFormat = Self.inputFormat(configuration)
  }

  /// The first layer that says says it for the model: its setting, or a permutation of the input that makes sense in one
  /// order only. Flatten's setting is about what comes out. Where none says, groups of channels
  /// along the first axis do, or a reshaping of the input's rows to pixels.
  private static func inputFormat(_ configuration: ModelConfiguration) -> DataFormat {
    let layers = configuration.layers
    for layer in layers where layer.layerClass != .flatten {
      if case .string(let word)? = layer.settings["data_format"] {
        return DataFormat(rawValue: word) ?? .channelsLast
      }
      if layer.layerClass == .permute, layer.settings["dims"] == [2, 3, 1],
        layer.inputs.contains(where: { layers[$0].layerClass == .input })
      {
        return .channelsFirst
      }
    }
    for layer in layers where layer.layerClass == .groupNormalization {
      if layer.settings["axis"] == 1 { return .channelsFirst }
    }
    for layer in layers where layer.layerClass == .reshape {
      if case .array(let extents)? = layer.settings["target_shape"], extents.count == 3, extents[0] != 1,
        extents[1] == 1, extents[2] == 1
      {
        return .channelsFirst
      }
    }
    return .channelsLast
  }

  /// The order in which the graph's inputs and outputs of a rank are in Keras.
  func standardOrder(_ rank: Int) -> [Int] { rank == 4 ? inputFormat.order : Array(0..<rank) }

  private mutating func setOutputs(_ configuration: ModelConfiguration) throws(ScaleNetError) {
    var outputs: [ValueID] = []
    for (index, tensor, _) in configuration.outputs {
      let layer = configuration.layers[index]
      let reader = try LayerReader(layer, path: path, isKeras3: isKeras3)
      var value = try settled(try plain(try self.value(of: index, tensor, reader), reader), reader)
      value = try arranged(value, standardOrder(value.order.count), reader)
      var id = value.id
      // Each output is a value of its own.
      if graph.inputs.contains(id) || outputs.contains(id) {
        id = try node(unusedName("\(layer.name)_output"), .identity(Identity()), [id])
      }
      outputs.append(id)
    }
    graph.setOutputs(outputs)
  }

  /// Gives the outputs Keras's names. A value within the graph that has such a name, as what a layer computes before its
  /// activation has, gets another.
  private mutating func nameOutputs(_ configuration: ModelConfiguration) {
    for (id, output) in zip(graph.outputs, configuration.outputs) where graph[id].name != output.name {
      if let other = graph.value(named: output.name) {
        if graph.inputs.contains(other) { continue }
        graph[other].name = graph.unusedName("\(output.name)_inner")
      }
      graph[id].name = output.name
    }
  }

  private func value(
    of index: Int, _ tensor: Int, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    guard let first = values[index].first else {
      throw reader.failure("inbound_nodes", "a layer before it", "none")
    }
    guard tensor > 0 else { return first }
    guard tensor < values[index].count else {
      throw reader.failure("inbound_nodes", "one of \(values[index].count) tensors", "number \(tensor)")
    }
    return values[index][tensor]
  }

  /// What the n-th of the layers that `layer` reads yields, with margins that are still to be put around it.
  private func value(_ number: Int, _ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    let tensors = reader.layer.tensors
    return try value(
      of: reader.layer.inputs[number], number < tensors.count ? tensors[number] : 0, reader)
  }

  /// What the only layer that `layer` reads yields, with margins that are still to be put around it.
  func padded(_ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    guard reader.layer.inputs.count == 1 else {
      throw reader.failure("inbound_nodes", "one layer", "\(reader.layer.inputs.count)")
    }
    return try value(0, reader)
  }

  /// What the only layer that `layer` reads yields; a flattened map may be in the graph's order.
  mutating func rawInput(_ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    try plain(try padded(reader), reader)
  }

  /// What the only layer that `layer` reads yields.
  mutating func input(_ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    try settled(try rawInput(reader), reader)
  }

  /// What all layers that `layer` reads yield.
  mutating func inputs(_ reader: LayerReader) throws(ScaleNetError) -> [LayerValue] {
    var values: [LayerValue] = []
    for number in reader.layer.inputs.indices {
      values.append(try settled(try plain(try value(number, reader), reader), reader))
    }
    return values
  }

  /// The value with its margins around it.
  mutating func plain(_ value: LayerValue, _ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    guard let pads = value.pads else { return value }
    var result = value
    result.pads = nil
    result.id = try node(unusedName("\(graph[value.id].name)_pad"), .pad(Pad(margins: pads)), [value.id])
    return result
  }

  /// The same elements in the graph with other axes, so that Keras's axes are these of the value.
  mutating func arranged(
    _ value: LayerValue, _ order: [Int], _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    if value.order == order { return value }
    var result = try plain(value, reader)
    var permutation = [Int](repeating: 0, count: order.count)
    for (axis, source) in zip(order, result.order) { permutation[axis] = source }
    result.id = try node(
      unusedName("\(reader.layer.name)_transpose"), .transpose(Transpose(permutation: permutation)),
      [result.id])
    result.order = order
    return result
  }

  /// A value whose axes are in the graph as in Keras, but for one, which is the last in the graph.
  mutating func withLast(
    _ value: LayerValue, _ axis: Int, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    let rank = value.order.count
    let order = (0..<rank).map { $0 < axis ? $0 : $0 == axis ? rank - 1 : $0 - 1 }
    return try arranged(value, order, reader)
  }

  /// A feature map, NCHW in the graph, of which Keras has the axes in the order that a layer expects.
  mutating func image(
    _ value: LayerValue, _ format: DataFormat, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    guard value.order.count == 4 else {
      throw reader.failure("inbound_nodes", "a feature map", "\(graph[value.id].type)")
    }
    return try arranged(value, format.order, reader)
  }

  /// A matrix whose columns are in the graph in Keras's order too.
  mutating func settled(_ value: LayerValue, _ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    guard let spatial = value.spatial else { return value }
    var result = value
    result.spatial = nil
    let name = reader.layer.name
    let map = try node(
      unusedName("\(name)_map"),
      .reshape(Reshape(shape: [0, spatial.channels, spatial.height, spatial.width])), [value.id])
    let transposed = try node(
      unusedName("\(name)_transpose"), .transpose(Transpose(permutation: [0, 2, 3, 1])), [map])
    result.id = try node(unusedName("\(name)_columns"), .flatten(Flatten()), [transposed])
    return result
  }

  /// The known extents of a value; an open batch is -1.
  func extents(_ id: ValueID) -> [Int] { graph[id].type.dimensions.map { $0.value ?? -1 } }

  /// Adds a node with one output.
  mutating func node(_ name: String, _ op: Operator, _ inputs: [ValueID?]) throws(ScaleNetError) -> ValueID {
    do throws(ScaleNetError) {
      return try graph.addNode(name, op, inputs: inputs)[0]
    } catch { throw error.inFile(path) }
  }

  mutating func initializer(_ name: String, _ tensor: Tensor) throws(ScaleNetError) -> ValueID {
    let elements = Elements(
      storage: ObjectIdentifier(tensor.storage), offset: tensor.offset, shape: tensor.shape,
      strides: tensor.strides)
    if let known = initializers[elements], graph[known].type.dataType == tensor.dataType { return known }
    do throws(ScaleNetError) {
      let id = try graph.addInitializer(graph.unusedName(name), tensor)
      initializers[elements] = id
      return id
    } catch { throw error.inFile(path) }
  }

  /// A place for a value that no layer yields, so that a layer within another can read it.
  mutating func place(_ value: LayerValue) -> Int {
    values.append([value])
    return values.count - 1
  }

  mutating func addInput(_ name: String, _ type: TensorType) throws(ScaleNetError) -> ValueID {
    do throws(ScaleNetError) {
      return try graph.addInput(name, type)
    } catch { throw error.inFile(path) }
  }

  /// A name that no layer has.
  mutating func unusedName(_ base: String) -> String {
    nodeNames.new(base)
  }

  /// The weights of a layer, which must have these shapes.
  mutating func weights(
    _ reader: LayerReader, _ expected: [(name: String, shape: TensorShape)]
  ) throws(ScaleNetError) -> [Tensor] {
    var tensors = try weights.tensors(reader.layer, count: expected.count)
    if reader.layer.isPlanar {
      for (index, expected) in expected.enumerated()
      where expected.shape.dimensions == [1] + tensors[index].shape.dimensions {
        tensors[index] = tensors[index].reshaped(expected.shape) ?? tensors[index]
      }
    }
    for (tensor, expected) in zip(tensors, expected) where tensor.shape != expected.shape {
      throw .invalidWeight(
        path: path, layer: reader.layer.name, weight: expected.name, expected: "shape \(expected.shape)",
        found: "\(tensor.shape)")
    }
    return tensors
  }
}
