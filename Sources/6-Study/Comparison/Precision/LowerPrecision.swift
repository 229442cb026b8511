import FileIO
import ModelIR

/// A graph that holds weights, or weights and activations, in fewer bits than float32.
struct LowerPrecision {
  /// The graph in operators on float32: constants are dequantized, and pairs of QuantizeLinear and DequantizeLinear are
  /// nodes that round.
  let graph: Graph
  /// The same without what rounds activations.
  let plain: Graph
  /// A value between nodes that is held in steps.
  struct Activation {
    var quantizer: Quantizer
    /// The rounded value's name, in `graph`.
    var value: String
    /// The name of what it is in `plain`.
    var plainValue: String
  }
  let activations: [Activation]
  /// By the names of the constants.
  let weights: [String: Quantizer]
  /// The type of weights, or of activations where no weight is held in fewer bits.
  let type: DataType

  var isHalf: Bool { type.isFloatingPoint }

  /// nil where the graph is in float32, or in steps that are not understood: computed scales, blocks, operators on
  /// integers.
  init?(_ source: Graph) throws(ScaleNetError) {
    let isQuantized = source.nodes.contains { node in
      if case .dequantizeLinear = node.op { true } else { false }
    }
    guard isQuantized else {
      guard let half = Self.halfType(source) else { return nil }
      self.init(half: source, type: half)
      return
    }
    // Writers let layers share a bias through Identity. Read as what it is, it stays a constant of the layer.
    var direct = source
    try direct.apply([EliminateIdentities()])
    var rewriting = Rewriting(direct)
    guard try rewriting.run() else { return nil }
    let types = rewriting.weights.sorted { $0.key < $1.key }.map(\.value.type).filter { $0 != .int32 }
    guard let type = types.first ?? rewriting.activations.first?.quantizer.type else { return nil }
    self.init(
      rewriting.graph, plain: rewriting.plain, rewriting.activations, weights: rewriting.weights, type: type)
  }

  private init(
    _ graph: Graph, plain: Graph, _ activations: [Activation], weights: [String: Quantizer], type: DataType
  ) {
    self.graph = graph
    self.plain = plain
    self.activations = activations
    self.weights = weights
    self.type = type
  }

  private init(half source: Graph, type: DataType) {
    var found: [String: Quantizer] = [:]
    for id in source.initializers where source[id].type.dataType == type {
      found[source[id].name] = Quantizer(half: type)
    }
    self.init(source, plain: source, [], weights: found, type: type)
  }

  private static func halfType(_ graph: Graph) -> DataType? {
    [DataType.float16, .bfloat16].first { type in graph.values.contains { $0.type.dataType == type } }
  }
}

/// Takes the integers out of a graph, and the rounding out of its copy.
private struct Rewriting {
  var graph: Graph
  var plain: Graph
  var activations: [LowerPrecision.Activation] = []
  var weights: [String: Quantizer] = [:]
  private let source: Graph
  private let producers: [Int?]
  /// What stands for values of the source.
  private var values: [ValueID: ValueID] = [:]
  private var plainValues: [ValueID: ValueID] = [:]
  private var nodes: [Node] = []
  private var plainNodes: [Node] = []

  init(_ source: Graph) {
    (graph, plain, self.source) = (source, source, source)
    producers = source.producers()
  }

  /// False if there is something that is not understood.
  mutating func run() throws(ScaleNetError) -> Bool {
    // The value that stands for each array of integers, and in which steps.
    var rounded: [ValueID: (value: ValueID, quantizer: Quantizer)] = [:]
    var integers = Set<ValueID>()
    for node in source.nodes {
      switch node.op {
      case .quantizeLinear:
        integers.formUnion(node.outputs)
      case .dequantizeLinear(let op):
        guard let input = node.inputs[0] else { return false }
        guard
          let quantizer = Quantizer(
            source, node, type: source[input].type.dataType, axis: op.axis, blockSize: op.blockSize)
        else { return false }
        if let known = rounded[input] {
          // Several that read the same integers in the same steps give the same numbers.
          guard known.quantizer.steps == quantizer.steps, known.quantizer.zeros == quantizer.zeros else {
            return false
          }
          values[node.outputs[0]] = values[known.value] ?? known.value
          plainValues[node.outputs[0]] = plainValues[known.value] ?? known.value
          continue
        }
        if let tensor = source.initializer(input) {
          guard let numbers = try? quantizer.dequantized(tensor) else { return false }
          hold(node.outputs[0], numbers, quantizer)
          continue
        }
        guard try add(quantizer, of: input, as: node.outputs[0]) else { return false }
        rounded[input] = (node.outputs[0], quantizer)
      default:
        if node.inputs.contains(where: { $0.map(integers.contains) ?? false }) { return false }
        nodes.append(Self.resolved(node, values))
        plainNodes.append(Self.resolved(node, plainValues))
      }
    }
    if source.outputs.contains(where: integers.contains) { return false }
    graph.nodes = nodes
    plain.nodes = plainNodes
    graph.setOutputs(source.outputs.map { values[$0] ?? $0 })
    plain.setOutputs(source.outputs.map { plainValues[$0] ?? $0 })
    try graph.apply([EliminateDeadNodes()])
    try plain.apply([EliminateDeadNodes()])
    try graph.inferAllTypes()
    try plain.inferAllTypes()
    return true
  }

  private static func resolved(_ node: Node, _ values: [ValueID: ValueID]) -> Node {
    var node = node
    node.inputs = node.inputs.map { $0.map { values[$0] ?? $0 } }
    return node
  }

  /// A constant, in float32.
  private mutating func hold(_ id: ValueID, _ tensor: Tensor, _ quantizer: Quantizer) {
    let type = TensorType(.float32, tensor.shape)
    (graph[id].initializer, graph[id].type) = (tensor, type)
    (plain[id].initializer, plain[id].type) = (tensor, type)
    weights[source[id].name] = quantizer
  }

  /// What a QuantizeLinear and the DequantizeLinear behind it do, in float32; false if they do not fit each other.
  private mutating func add(
    _ quantizer: Quantizer, of integers: ValueID, as output: ValueID
  ) throws(ScaleNetError) -> Bool {
    guard let before = producers[integers.index], case .quantizeLinear(let op) = source.nodes[before].op,
      let value = source.nodes[before].inputs[0],
      let other = Quantizer(
        source, source.nodes[before], type: source[integers].type.dataType, axis: op.axis,
        blockSize: op.blockSize),
      other.steps == quantizer.steps, other.zeros == quantizer.zeros
    else { return false }
    // Constants may be stored in float32 and rounded in the graph.
    if let tensor = graph.initializer(values[value] ?? value) {
      guard let found = try? quantizer.nearest(tensor, isBounded: true) else { return false }
      hold(output, found, quantizer)
      return true
    }
    let name = source[value].name
    let start = graph.nodes.count
    guard
      let id = try graph.addRounding(
        quantizer, of: values[value] ?? value, name: name, isBounded: true)
    else { return false }
    nodes += graph.nodes[start...]
    values[output] = id
    var plainID = plainValues[value] ?? value
    // Where 0 is the least number that is held, a ReLU before it would do nothing more, and writers leave it out.
    if let range = Quantizer.range(quantizer.type), Float(quantizer.zeros[0]) == range.lowerBound,
      !isNeverNegative(value, 0)
    {
      let first = plain.nodes.count
      plainID = try plain.addNode(plain.unusedName("\(name).relu"), .unary(.relu), inputs: [plainID])[0]
      plainNodes += plain.nodes[first...]
    }
    plainValues[output] = plainID
    activations.append(
      LowerPrecision.Activation(quantizer: quantizer, value: graph[id].name, plainValue: plain[plainID].name))
    return true
  }

  private func isNeverNegative(_ id: ValueID, _ depth: Int) -> Bool {
    guard depth < 50, let producer = producers[id.index] else { return false }
    let node = source.nodes[producer]
    func isInput(_ number: Int) -> Bool {
      node.inputs[number].map { isNeverNegative($0, depth + 1) } ?? false
    }
    switch node.op {
    case .unary(let function):
      switch function {
      case .relu, .sigmoid, .hardSigmoid, .abs, .exp, .softplus: return true
      case .clip(let minimum, _): return minimum >= 0
      default: return false
      }
    case .softmax: return true
    case .dequantizeLinear:
      // What was rounded to numbers from 0 up.
      guard let input = node.inputs[0], let range = Quantizer.range(source[input].type.dataType),
        let zero = source.initializer(node.inputs.count > 2 ? node.inputs[2] : nil),
        let found = try? zero.integers().first
      else { return false }
      return Float(found) == range.lowerBound
    case .maxPool, .averagePool, .globalPool, .flatten, .reshape, .transpose, .identity, .slice, .squeeze,
      .unsqueeze, .resize:
      return isInput(0)
    case .concat: return node.inputs.indices.allSatisfy(isInput)
    case .binary(.add), .binary(.mul): return isInput(0) && isInput(1)
    default: return false
    }
  }
}
