import FileIO
import JSONText
import ModelIR

/// Says a graph in Keras's plain layers. What they can't express is an error that names operator and node.
struct LayerListBuilder {
  let graph: Graph
  let path: String
  let dataFormat: DataFormat
  /// `float32`, or `mixed_float16` and `mixed_bfloat16` for graphs that compute in half precision.
  let policy: String
  /// The type of the layers of the node that is being said, where it is not the policy's.
  var ownType: String?

  let isHalf: Bool

  private(set) var layers: [Layer] = []
  private var names = LayerNames()
  /// Where each value is.
  private var placements: [ValueID: Placement] = [:]
  /// Permutations that stand already: what is read in one order by several layers is permuted once.
  private var permutations: [Placement: Int] = [:]
  /// Values that can't be negative, so that zeros in their margins never win a maximum.
  private var nonNegative = Set<ValueID>()
  private let consumers: [[Int]]

  static func build(_ graph: Graph, dataFormat: DataFormat, path: String) throws(ScaleNetError) -> LayerList {
    let graph = try GeluPattern.replaced(in: graph)
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
    let types = Set(graph.nodes.flatMap(\.outputs).map { graph[$0].type.dataType })
    policy =
      types.contains(.float16) ? "mixed_float16" : types.contains(.bfloat16) ? "mixed_bfloat16" : "float32"
    isHalf = policy != "float32"
  }

  private mutating func finish() throws(ScaleNetError) -> LayerList {
    var outputs: [Int] = []
    for id in graph.outputs {
      func invalid(_ expected: String, _ found: String) -> ScaleNetError {
        .invalidModel(path: path, place: "output \(graph[id].name)", expected: expected, found: found)
      }
      guard let placement = placements[id] else { throw invalid("the result of a layer", "a constant") }
      let order = standardOrder(graph[id].type.rank)
      guard let layer = permuted(placement, to: order, name: graph[id].name) else {
        throw invalid("the batch as the first axis", "axis \(placement.order[0])")
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
      guard let layer = placements[id]?.layer, let position = positions[layer] else {
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

  private mutating func addInput(_ id: ValueID) throws(ScaleNetError) {
    let value = graph[id]
    func mismatch(_ expected: String) -> ScaleNetError {
      .invalidModel(
        path: path, place: "input \(value.name)", expected: expected, found: "\(value.type)")
    }
    let dataType = value.type.dataType
    // Integers must be made real numbers before a layer computes with them; bytes may be moved before that.
    let isImage =
      dataType == .uint8
      || dataType.isInteger && readers(id).allSatisfy { if case .cast = $0.op { true } else { false } }
    guard [.float32, .float16, .bfloat16].contains(dataType) || isImage else {
      throw mismatch("float32, float16 or bfloat16, or integers that are cast to these")
    }
    guard value.type.rank >= 2 else { throw mismatch("a batch and at least one more axis") }
    let order = standardOrder(value.type.rank)
    let dimensions = order.map { value.type.dimensions[$0] }
    guard dimensions.dropFirst().allSatisfy({ $0.value != nil }) else {
      throw mismatch("known extents behind the batch")
    }
    let layer = append(
      .input, value.name,
      [
        "batch_input_shape": .array(dimensions.map { $0.value.map(JSON.integer) ?? .null }),
        "dtype": .string(value.type.dataType.rawValue), "sparse": false, "ragged": false,
      ], inputs: [])
    placements[id] = Placement(layer: layer, order: order)
  }

  /// Adds a layer and returns its index.
  mutating func append(
    _ layerClass: LayerClass, _ name: String, _ settings: KeyValuePairs<String, JSON>, inputs: [Int],
    weights: [Layer.Weight] = [], dataType: String? = nil
  ) -> Int {
    layers.append(
      Layer(
        layerClass: layerClass, name: names.name(name),
        settings: settings.map { JSON.Member(key: $0.key, value: $0.value) }, dataType: dataType ?? ownType,
        inputs: inputs, weights: weights))
    return layers.count - 1
  }

  /// The setting that many layers have.
  var format: JSON { .string(dataFormat.rawValue) }

  /// The order of axes in which inputs and outputs of a rank are.
  func standardOrder(_ rank: Int) -> [Int] { rank == 4 ? dataFormat.order : Array(0..<rank) }

  /// Where an input of a node is.
  func placement(_ node: Node, _ index: Int) throws(ScaleNetError) -> Placement {
    guard index < node.inputs.count, let id = node.inputs[index] else {
      throw failure(node, "input \(index)", "a value", "none")
    }
    guard let placement = placements[id] else {
      throw failure(node, "input \(index)", "what a layer yields", "the constant \(graph[id].name)")
    }
    return placement
  }

  func placement(of id: ValueID) -> Placement? { placements[id] }

  /// The layer that yields an input of a node with its axes in an order.
  mutating func layer(_ node: Node, _ index: Int, order: [Int]) throws(ScaleNetError) -> Int {
    try arranged(node, try placement(node, index), order)
  }

  /// The layer that yields a value with its axes in an order; a permutation is added where it takes one.
  mutating func arranged(_ node: Node, _ placement: Placement, _ order: [Int]) throws(ScaleNetError) -> Int {
    guard let layer = permuted(placement, to: order, name: node.name) else {
      throw failure(
        node, "input", "the batch as the axis that Keras has first", "axes in the order \(placement.order)")
    }
    return layer
  }

  private mutating func permuted(_ placement: Placement, to order: [Int], name: String) -> Int? {
    if placement.order == order { return placement.layer }
    let positions = order.compactMap { placement.order.firstIndex(of: $0) }
    guard positions.first == 0, positions.count == placement.order.count, positions.count == order.count
    else { return nil }
    let key = Placement(layer: placement.layer, order: positions)
    if let known = permutations[key] { return known }
    let layer = append(
      .permute, "\(name)_permute", ["dims": .array(positions.dropFirst().map(JSON.integer))],
      inputs: [placement.layer])
    permutations[key] = layer
    return layer
  }

  /// The elements of an input that must be known.
  func constant(_ node: Node, _ index: Int) throws(ScaleNetError) -> (tensor: Tensor, name: String) {
    guard index < node.inputs.count, let id = node.inputs[index], let tensor = graph.initializer(id) else {
      throw failure(node, "input \(index)", "a constant", "what is computed")
    }
    return (tensor, graph[id].name)
  }

  func type(_ node: Node, _ index: Int) -> TensorType {
    guard index < node.inputs.count, let id = node.inputs[index] else { return TensorType(.float32, []) }
    return graph[id].type
  }

  func failure(_ node: Node, _ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .unsupportedNode(
      path: path, node: node.name, op: node.op.name, place: place, expected: expected, found: found)
  }

  /// Lets the output of a node be what a layer yields, whose axes are in this order.
  mutating func setOutput(_ node: Node, _ layer: Int, order: [Int]) {
    placements[node.outputs[0]] = Placement(layer: layer, order: order)
  }

  /// Whether a layer ends in a sum.
  func isSum(_ layer: Int) -> Bool {
    switch layers[layer].layerClass {
    case .add, .rescaling: true
    default: false
    }
  }

  /// Whether an input of a node is an initializer.
  func isConstant(_ node: Node, _ index: Int) -> Bool {
    index < node.inputs.count && graph.initializer(node.inputs[index]) != nil
  }

  func isNonNegative(_ id: ValueID?) -> Bool { id.map(nonNegative.contains) ?? false }
  mutating func markNonNegative(_ id: ValueID) { nonNegative.insert(id) }

  func isOutput(_ id: ValueID) -> Bool { graph.outputs.contains(id) }

  /// The nodes that read a value.
  func readers(_ id: ValueID) -> [Node] { consumers[id.index].map { graph.nodes[$0] } }
}
