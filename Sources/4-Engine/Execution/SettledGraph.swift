package import FileIO
package import ModelIR

extension Graph {
  /// The same graph, in which what comes out alike in every run is an initializer: extents of values whose types are
  /// known, and what is computed from them. What then reads known extents is an operator that has them as attributes.
  /// Values keep their numbers.
  ///
  /// - Parameters:
  ///   - foldsReals: whether floating-point numbers are computed too, in their types. Where the run is in Double, they
  ///     would be rounded too early.
  ///   - limit: the most bytes of a result.
  package func settled(foldsReals: Bool, limit: Int) throws(ScaleNetError) -> Graph {
    var graph = self
    var kept: [Node] = []
    let isOutput = Set(outputs)
    for (index, var node) in nodes.enumerated() {
      // Until something is found that is known, all types are what they were.
      if kept.count < index {
        node.op = graph.withKnownExtents(node)
        node.inputs = Array(node.inputs.prefix(node.op.kind.inputCount.upperBound))
        let types = try graph.inferTypes(node: node.name, op: node.op, inputs: node.inputs)
        for (id, type) in zip(node.outputs, types) { graph[id].type = type }
      }
      // A graph's output is computed by a step.
      guard isOutput.isDisjoint(with: node.outputs),
        let results = try graph.knownResults(of: node, foldsReals: foldsReals, limit: limit)
      else {
        kept.append(node)
        continue
      }
      for (id, tensor) in zip(node.outputs, results) {
        graph[id].initializer = tensor
        graph[id].type = TensorType(tensor.dataType, tensor.shape)
      }
    }
    guard kept.count < nodes.count else { return self }
    var isNeeded = [Bool](repeating: false, count: values.count)
    for id in outputs { isNeeded[id.index] = true }
    var needed: [Node] = []
    for node in kept.reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
      for case let id? in node.inputs { isNeeded[id.index] = true }
      needed.append(node)
    }
    graph.nodes = needed.reversed()
    return graph
  }

  /// A node's results, if they are the same in every run, few, and nothing else than their use makes them.
  private func knownResults(
    of node: Node, foldsReals: Bool, limit: Int
  ) throws(ScaleNetError) -> [Tensor]? {
    if let first = node.inputs.first ?? nil {
      let extents = self[first].type.dimensions.map(\.value)
      let known = extents.compactMap { $0 }
      if known.count == extents.count {
        if case .shape(let shape) = node.op {
          let numbers = Array(known[shape.axes])
          return [try TypedTensor(indices: numbers, shape: [numbers.count]).tensor()]
        }
        if case .size = node.op {
          return [try TypedTensor(indices: [known.reduce(1, *)], shape: []).tensor()]
        }
      }
    }
    let inputs = node.inputs.map { initializer($0) }
    guard zip(node.inputs, inputs).allSatisfy({ $0 == nil || $1 != nil }),
      !node.outputs.contains(where: { self[$0].type.dataType.isFloatingPoint })
        || foldsReals && givesTheSameNumbers(node.op),
      !widensWeights(node.op, inputs)
    else { return nil }
    for id in node.outputs {
      let extents = self[id].type.dimensions.compactMap(\.value)
      guard let shape = TensorShape(checking: extents, byteCount: 8), shape.elementCount <= limit / 8 else {
        return nil
      }
    }
    return try ReferenceEvaluator.evaluate(node.op, inputs, node: node.name, limit: limit)
  }

  /// Whether the reference kernel of an operator gives the numbers of the fast one, bit by bit: what moves numbers, and
  /// what rounds once, which Double in between does not change.
  private func givesTheSameNumbers(_ op: Operator) -> Bool {
    switch op {
    case .unary(.sqrt), .unary(.neg), .unary(.abs), .binary(.add), .binary(.sub), .binary(.mul),
      .binary(.div), .cast,
      .identity, .flatten, .reshape, .squeeze, .unsqueeze, .expand, .transpose, .concat, .slice, .gather,
      .where:
      true
    // All others are computed in the run, as they have always been.
    default: false
    }
  }

  /// Whether a node makes weights of numbers that are stored in fewer bits: it would take the memory twice.
  private func widensWeights(_ op: Operator, _ inputs: [Tensor?]) -> Bool {
    switch op {
    case .cast, .quantizeLinear, .dequantizeLinear:
      (inputs.first ?? nil).map { $0.elementCount > 4096 } ?? false
    default: false
    }
  }

  /// The operator with extents as attributes that an input has told so far, if they are known now.
  private func withKnownExtents(_ node: Node) -> Operator {
    guard case .computed(let computed) = node.op, node.inputs.count == 2,
      let extents = initializer(node.inputs[1]),
      let numbers = try? TypedTensor(extents).integers, let first = node.inputs[0]
    else { return node.op }
    switch computed {
    case .reshape(let allowsZero):
      return allowsZero && numbers.contains(0) ? node.op : .reshape(Reshape(shape: numbers))
    case .expand:
      // An extent that is less than the input's is 1 there, and keeps it.
      let own = self[first].type.dimensions.map(\.value)
      guard !own.contains(nil), !numbers.contains(where: { $0 < 1 }) else { return node.op }
      return .expand(Expand(shape: numbers))
    default:
      return node.op
    }
  }
}
