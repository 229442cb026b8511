import ModelIR

/// Says a graph in Keras's plain layers. What they can't express is an error that names operator and node.
struct LayerListBuilder {
  let graph: Graph
  let path: String
  let dataFormat: DataFormat
  /// `float32`, or `mixed_float16` for graphs that compute in half precision.
  let policy: String

  private(set) var layers: [Layer] = []
  private var names = LayerNames()
  /// The layer that yields each value.
  private var layerOfValue: [ValueID: Int] = [:]
  /// Values that can't be negative, so that zeros in their margins never win a maximum.
  private var nonNegative = Set<ValueID>()
  private let consumers: [[Int]]

  static func build(_ graph: Graph, dataFormat: DataFormat, path: String) throws(KerasError) -> LayerList {
    var builder = LayerListBuilder(graph, dataFormat: dataFormat, path: path)
    for input in graph.inputs { try builder.addInput(input) }
    for node in graph.nodes { try builder.add(node) }
    return try builder.finish()
  }

  private init(_ graph: Graph, dataFormat: DataFormat, path: String) {
    self.graph = graph
    self.dataFormat = dataFormat
    self.path = path
    consumers = graph.consumers()
    let isHalf = graph.nodes.contains { node in
      node.outputs.contains { graph[$0].type.dataType == .float16 }
    }
    policy = isHalf ? "mixed_float16" : "float32"
  }

  private func finish() throws(KerasError) -> LayerList {
    var outputs: [Int] = []
    for id in graph.outputs {
      guard let layer = layerOfValue[id] else {
        throw .invalidModel(
          path: path, place: "output \(graph[id].name)", expected: "the result of a layer",
          found: "a constant")
      }
      outputs.append(layer)
    }
    let order = ModelOrder(inputs: layers.map(\.inputs), outputs: outputs).layers
    var positions = [Int?](repeating: nil, count: layers.count)
    for (position, index) in order.enumerated() { positions[index] = position }
    let sorted = order.map { index in
      let layer = layers[index]
      return Layer(
        layerClass: layer.layerClass, name: layer.name, settings: layer.settings, dataType: layer.dataType,
        inputs: layer.inputs.compactMap { positions[$0] }, weights: layer.weights)
    }
    var inputs: [Int] = []
    for id in graph.inputs {
      guard let layer = layerOfValue[id], let position = positions[layer] else {
        throw .invalidModel(
          path: path, place: "input \(graph[id].name)", expected: "an input that an output depends on",
          found: "one that is not used")
      }
      inputs.append(position)
    }
    var modelNames = LayerNames()
    return LayerList(
      name: modelNames.name(graph.name), layers: sorted, inputs: inputs,
      outputs: outputs.compactMap { positions[$0] }, policy: policy)
  }

  private mutating func addInput(_ id: ValueID) throws(KerasError) {
    let value = graph[id]
    func mismatch(_ expected: String) -> KerasError {
      .invalidModel(
        path: path, place: "input \(value.name)", expected: expected, found: "\(value.type)")
    }
    guard value.type.dataType == .float32 || value.type.dataType == .float16 else {
      throw mismatch("float32 or float16")
    }
    guard value.type.rank == 4 || value.type.rank == 2 else { throw mismatch("rank 4 or 2") }
    let dimensions = value.type.rank == 4 ? dataFormat.arranged(value.type.dimensions) : value.type.dimensions
    guard dimensions.dropFirst().allSatisfy({ $0.value != nil }) else {
      throw mismatch("known extents behind the batch")
    }
    layerOfValue[id] = append(
      .input, value.name,
      [
        "batch_input_shape": .array(dimensions.map { $0.value.map(JSON.integer) ?? .null }),
        "dtype": .string(value.type.dataType.rawValue), "sparse": false, "ragged": false,
      ], inputs: [])
  }

  /// Adds a layer and returns its index.
  mutating func append(
    _ layerClass: LayerClass, _ name: String, _ settings: KeyValuePairs<String, JSON>, inputs: [Int],
    weights: [Layer.Weight] = [], dataType: String? = nil
  ) -> Int {
    layers.append(
      Layer(
        layerClass: layerClass, name: names.name(name),
        settings: settings.map { JSON.Member(key: $0.key, value: $0.value) }, dataType: dataType,
        inputs: inputs, weights: weights))
    return layers.count - 1
  }

  /// The setting that many layers have.
  var format: JSON { .string(dataFormat.rawValue) }

  /// The layer that yields an input of a node.
  func layer(_ node: Node, _ index: Int) throws(KerasError) -> Int {
    guard index < node.inputs.count, let id = node.inputs[index] else {
      throw failure(node, "input \(index)", "a value", "none")
    }
    guard let layer = layerOfValue[id] else {
      throw failure(node, "input \(index)", "what a layer yields", "the constant \(graph[id].name)")
    }
    return layer
  }

  /// The elements of an input that must be known.
  func constant(_ node: Node, _ index: Int) throws(KerasError) -> (tensor: Tensor, name: String) {
    guard index < node.inputs.count, let id = node.inputs[index], let tensor = graph.initializer(id) else {
      throw failure(node, "input \(index)", "a constant", "what is computed")
    }
    return (tensor, graph[id].name)
  }

  func type(_ node: Node, _ index: Int) -> TensorType {
    guard index < node.inputs.count, let id = node.inputs[index] else { return TensorType(.float32, []) }
    return graph[id].type
  }

  func failure(_ node: Node, _ place: String, _ expected: String, _ found: String) -> KerasError {
    .unsupportedNode(
      path: path, node: node.name, op: node.op.name, place: place, expected: expected, found: found)
  }

  /// Lets the first output of a node be what a layer yields.
  mutating func setOutput(_ node: Node, _ layer: Int) { layerOfValue[node.outputs[0]] = layer }

  func isNonNegative(_ id: ValueID?) -> Bool { id.map(nonNegative.contains) ?? false }
  mutating func markNonNegative(_ id: ValueID) { nonNegative.insert(id) }

  func isOutput(_ id: ValueID) -> Bool { graph.outputs.contains(id) }

  /// The nodes that read a value.
  func readers(_ id: ValueID) -> [Node] { consumers[id.index].map { graph.nodes[$0] } }
}
