public import ModelIR

/// What a network costs for one input: parameters, MACs and memory, by layer and by block.
public struct CostReport: Sendable, Codable, Hashable {
  public struct Totals: Sendable, Codable, Hashable {
    /// Learnable parameters: weights, biases, gamma and beta.
    public var parameters: Int
    /// Numbers that are stored but not learned: running mean and variance.
    public var buffers: Int
    /// Multiply-accumulates of Conv and Gemm, as fvcore counts them. The paper calls this number FLOPs.
    public var macs: Int
    /// 2 * macs.
    public var flops: Int
    /// Elementary operations of everything else.
    public var otherOperations: Int
    /// Bytes of all stored numbers.
    public var weightBytes: Int
    /// The most that values alive at one time take, in an order of execution that frees what nobody reads any more.
    public var peakActivationBytes: Int

    enum CodingKeys: String, CodingKey {
      case parameters, buffers, macs, flops
      case otherOperations = "other_operations"
      case weightBytes = "weight_bytes"
      case peakActivationBytes = "peak_activation_bytes"
    }
  }

  public struct Layer: Sendable, Codable, Hashable {
    public var name: String
    public var op: String
    public var inputShapes: [[Int]]
    public var outputShape: [Int]
    public var parameters: Int
    public var buffers: Int
    public var macs: Int
    public var otherOperations: Int

    enum CodingKeys: String, CodingKey {
      case name, op, parameters, buffers, macs
      case inputShapes = "input_shapes"
      case outputShape = "output_shape"
      case otherOperations = "other_operations"
    }
  }

  public let totals: Totals
  public let layers: [Layer]

  /// Counts a graph whose shapes are all known.
  public init(_ graph: Graph) throws(GraphError) {
    var layers: [Layer] = []
    var counted = Set<ValueID>()
    var totals = Totals(
      parameters: 0, buffers: 0, macs: 0, flops: 0, otherOperations: 0, weightBytes: 0, peakActivationBytes: 0
    )
    for node in graph.nodes {
      let inputs = node.inputs.map { id in id.flatMap { graph[$0].type.shape } }
      let outputs = node.outputs.compactMap { graph[$0].type.shape }
      guard outputs.count == node.outputs.count else {
        throw .invalidNode(
          node: node.name, op: node.op.name, place: "output", expected: "a known shape",
          found: "\(graph[node.outputs[0]].type)")
      }
      let cost = node.op.kind.cost(inputs: inputs, outputs: outputs)
      var layer = Layer(
        name: node.name, op: node.op.name, inputShapes: [], outputShape: outputs[0].dimensions, parameters: 0,
        buffers: 0, macs: cost.macs, otherOperations: cost.otherOperations)
      for (position, id) in node.inputs.enumerated() {
        guard let id else { continue }
        guard let tensor = graph[id].initializer else {
          layer.inputShapes.append(graph[id].type.shape?.dimensions ?? [])
          continue
        }
        // A tensor that several layers share is counted once.
        guard counted.insert(id).inserted else { continue }
        if Self.isBuffer(node.op, position) {
          layer.buffers += tensor.elementCount
        } else {
          layer.parameters += tensor.elementCount
        }
        totals.weightBytes += tensor.byteCount
      }
      totals.parameters += layer.parameters
      totals.buffers += layer.buffers
      totals.macs += layer.macs
      totals.otherOperations += layer.otherOperations
      layers.append(layer)
    }
    totals.flops = 2 * totals.macs
    totals.peakActivationBytes = Self.peakBytes(graph)
    self.totals = totals
    self.layers = layers
  }

  /// Running mean and variance.
  private static func isBuffer(_ op: Operator, _ position: Int) -> Bool {
    if case .batchNormalization = op { position >= 3 } else { false }
  }

  private static func peakBytes(_ graph: Graph) -> Int {
    func size(_ id: ValueID) -> Int {
      guard graph[id].initializer == nil, let shape = graph[id].type.shape else { return 0 }
      return shape.elementCount * graph[id].type.dataType.byteCount
    }
    var lastUse = [Int](repeating: -1, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { lastUse[id.index] = index }
    }
    for id in graph.outputs { lastUse[id.index] = graph.nodes.count }
    var alive = graph.inputs.reduce(0) { $0 + size($1) }
    var peak = alive
    for (index, node) in graph.nodes.enumerated() {
      for id in node.outputs { alive += size(id) }
      peak = max(peak, alive)
      for id in Set(node.inputs.compactMap { $0 }) where lastUse[id.index] == index { alive -= size(id) }
      for id in node.outputs where lastUse[id.index] < 0 { alive -= size(id) }
    }
    return peak
  }
}
