package import FileIO
package import ModelIR

extension CostReport {
  /// Counts a graph whose shapes are all known. Weights are not read, only their shapes.
  ///
  /// Fails if a shape is open or a number is out of range.
  ///
  /// - Parameter weights: the names of the tensors that a file holds; what else the graph stores, such as the factors
  ///   that rescale an image, is no parameter. Nil where all that it stores may be one.
  package init(_ graph: Graph, weights: Set<String>? = nil) throws(ScaleNetError) {
    var layers: [Layer] = []
    layers.reserveCapacity(graph.nodes.count)
    var counted = Set<ValueID>()
    let values = graph.values.map(ValueFacts.init)
    var totals = Totals(
      parameters: 0, buffers: 0, macs: 0, flops: 0, otherOperations: 0, weightBytes: 0,
      peakActivationBytes: 0, memoryTrafficBytes: 0, arithmeticIntensity: 0)
    for node in graph.nodes {
      var layer = try Self.layer(node, of: graph, values)
      for (position, id) in node.inputs.enumerated() {
        // A tensor that several layers share is counted once.
        guard let id, let tensor = graph[id].initializer, counted.insert(id).inserted else { continue }
        if let weights, !weights.contains(graph[id].name) {
          // It takes its bytes and is not learned.
        } else if Self.isBuffer(node.op, position) {
          layer.buffers = try node.sum(layer.buffers, tensor.elementCount)
        } else {
          layer.parameters = try node.sum(layer.parameters, tensor.elementCount)
        }
        totals.weightBytes = try node.sum(totals.weightBytes, tensor.byteCount)
      }
      totals.parameters = try node.sum(totals.parameters, layer.parameters)
      totals.buffers = try node.sum(totals.buffers, layer.buffers)
      totals.macs = try node.sum(totals.macs, layer.macs)
      totals.flops = try node.sum(totals.macs, totals.macs)
      totals.otherOperations = try node.sum(totals.otherOperations, layer.otherOperations)
      totals.memoryTrafficBytes = try node.sum(totals.memoryTrafficBytes, layer.memoryTrafficBytes)
      layers.append(layer)
    }
    totals.peakActivationBytes = try Self.peakBytes(graph, values)
    if totals.memoryTrafficBytes > 0 {
      totals.arithmeticIntensity = Double(totals.flops) / Double(totals.memoryTrafficBytes)
    }
    self.init(totals: totals, layers: layers)
  }

  /// A node's shapes, operations and traffic; what it stores is counted by the caller.
  private static func layer(
    _ node: Node, of graph: Graph, _ values: [ValueFacts]
  ) throws(ScaleNetError) -> Layer {
    let inputs = node.inputs.map { id in id.flatMap { graph[$0].type.shape } }
    let outputs = node.outputs.compactMap { graph[$0].type.shape }
    guard outputs.count == node.outputs.count, let first = outputs.first else {
      throw .invalidNode(
        node: node.name, op: node.op.name, place: "output", expected: "a known shape",
        found: node.outputs.first.map { "\(graph[$0].type)" } ?? "none")
    }
    let cost = node.op.kind.cost(inputs: inputs, outputs: outputs)
    var layer = Layer(
      name: node.name, op: node.op.name, inputShapes: [], outputShape: first.dimensions, parameters: 0,
      buffers: 0, macs: try node.sum(0, cost.macs), otherOperations: try node.sum(0, cost.otherOperations),
      memoryTrafficBytes: 0)
    for (id, shape) in zip(node.inputs, inputs) {
      if let id, !values[id.index].isStored { layer.inputShapes.append(shape?.dimensions ?? []) }
    }
    if !isView(node.op) {
      for case let id? in node.inputs {
        layer.memoryTrafficBytes = try node.sum(layer.memoryTrafficBytes, values[id.index].bytes)
      }
      for id in node.outputs {
        layer.memoryTrafficBytes = try node.sum(layer.memoryTrafficBytes, values[id.index].bytes)
      }
    }
    return layer
  }

  /// Whether the input is the running mean or variance.
  private static func isBuffer(_ op: Operator, _ position: Int) -> Bool {
    if case .batchNormalization = op { position >= 3 } else { false }
  }

  /// Whether the output is the input's memory under another shape.
  private static func isView(_ op: Operator) -> Bool {
    switch op {
    case .flatten, .reshape, .identity: true
    default: false
    }
  }

  private static func peakBytes(_ graph: Graph, _ values: [ValueFacts]) throws(ScaleNetError) -> Int {
    func size(_ id: ValueID) -> Int { values[id.index].isStored ? 0 : values[id.index].bytes }
    var lastUse = [Int](repeating: -1, count: values.count)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { lastUse[id.index] = index }
    }
    for id in graph.outputs { lastUse[id.index] = graph.nodes.count }
    guard let first = graph.nodes.first else { return 0 }
    var alive = 0
    for id in graph.inputs { alive = try first.sum(alive, size(id)) }
    var peak = alive
    for (index, node) in graph.nodes.enumerated() {
      for id in node.outputs { alive = try node.sum(alive, size(id)) }
      peak = max(peak, alive)
      for case let id? in node.inputs where lastUse[id.index] == index {
        alive -= size(id)
        // A node may read a value twice, and frees it once.
        lastUse[id.index] = .max
      }
      for id in node.outputs where lastUse[id.index] < 0 { alive -= size(id) }
    }
    return peak
  }
}

/// What counting asks of each value again and again.
private struct ValueFacts {
  /// Bytes, of weights too; in range, because the graph checks shapes. 0 where an extent is open.
  let bytes: Int
  /// Whether the file holds its elements.
  let isStored: Bool

  init(_ value: Value) {
    bytes = (value.type.elementCount ?? 0) * value.type.dataType.byteCount
    isStored = value.initializer != nil
  }
}

extension Node {
  /// Two counts added; fails where the sum, or a count that stands for "out of range", cannot be told.
  fileprivate func sum(_ left: Int, _ right: Int) throws(ScaleNetError) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    guard !overflow, sum < .max else {
      throw .invalidNode(
        node: name, op: op.name, place: "cost", expected: "a number below 2^63", found: "a larger one")
    }
    return sum
  }
}
