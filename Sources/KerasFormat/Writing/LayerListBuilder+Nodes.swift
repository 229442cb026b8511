import ModelIR

extension LayerListBuilder {
  /// Adds the layers of a node.
  mutating func add(_ node: Node) throws(KerasError) {
    try checkTypes(node)
    switch node.op {
    case .conv(let op): try addConv(node, op)
    case .batchNormalization(let op): try addBatchNormalization(node, op)
    case .relu:
      try addSimple(node, .relu, ["max_value": nil, "negative_slope": .number(0), "threshold": .number(0)])
    case .clip(let op): try addClip(node, op)
    case .sigmoid: try addSimple(node, .activation, ["activation": "sigmoid"])
    case .softmax(let op): try addSoftmax(node, op)
    case .maxPool(let op): try addMaxPool(node, op)
    case .averagePool(let op): try addAveragePool(node, op)
    case .globalAveragePool: try addGlobalAveragePool(node)
    case .resize(let op): try addResize(node, op)
    case .pad(let op): try addPad(node, op)
    case .concat(let op): try addConcat(node, op)
    case .add: try addElementwise(node, .add)
    case .mul: try addElementwise(node, .multiply)
    case .gemm(let op): try addGemm(node, op)
    case .flatten(let op): try addFlatten(node, op)
    case .reshape: try addReshape(node)
    case .identity: try addIdentity(node)
    case .cast(let op): try addCast(node, op)
    case .leakyRelu, .pRelu, .hardSigmoid, .hardSwish, .tanh, .sqrt, .exp, .sub, .div, .pow, .globalMaxPool,
      .lrn, .matMul, .transpose, .slice, .gather, .reduceMean, .expand:
      throw failure(node, "operator", "one that a plain Keras layer computes", node.op.name)
    }
    noteSign(node)
  }

  /// Keras computes in float32, or under `mixed_float16` in half precision.
  private func checkTypes(_ node: Node) throws(KerasError) {
    for id in node.inputs.compactMap({ $0 }) + node.outputs {
      let type = graph[id].type.dataType
      guard type == .float32 || type == .float16 else {
        throw failure(node, graph[id].name, "float32 or float16", type.rawValue)
      }
    }
  }

  private mutating func noteSign(_ node: Node) {
    let isNonNegative: Bool
    switch node.op {
    case .relu, .sigmoid, .softmax: isNonNegative = true
    case .clip(let op): isNonNegative = op.minimum >= 0
    case .maxPool, .averagePool, .globalAveragePool, .flatten, .reshape, .identity, .cast, .concat, .add,
      .mul:
      isNonNegative = node.inputs.allSatisfy(self.isNonNegative)
    case .resize(let op):
      // A cubic kernel overshoots.
      isNonNegative = op.mode != .cubic && self.isNonNegative(node.inputs[0])
    case .pad(let op): isNonNegative = op.value >= 0 && self.isNonNegative(node.inputs[0])
    case .conv, .batchNormalization, .gemm, .leakyRelu, .pRelu, .hardSigmoid, .hardSwish, .tanh, .sqrt, .exp,
      .sub, .div, .pow, .globalMaxPool, .lrn, .matMul, .transpose, .slice, .gather, .reduceMean, .expand:
      isNonNegative = false
    }
    if isNonNegative { markNonNegative(node.outputs[0]) }
  }

  mutating func addSimple(
    _ node: Node, _ layerClass: LayerClass, _ settings: KeyValuePairs<String, JSON>
  ) throws(KerasError) {
    setOutput(node, append(layerClass, node.name, settings, inputs: [try layer(node, 0)]))
  }

  private mutating func addClip(_ node: Node, _ op: Clip) throws(KerasError) {
    guard op.minimum == 0 else {
      throw failure(node, "min", "0, as ReLU with a largest value has it", "\(op.minimum)")
    }
    try addSimple(
      node, .relu,
      ["max_value": .number(decimal(op.maximum)), "negative_slope": .number(0), "threshold": .number(0)])
  }

  /// The value that the shortest decimal of a Float has: 1e-05, not 9.99999974e-06.
  func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }

  private mutating func addBatchNormalization(_ node: Node, _ op: BatchNormalization) throws(KerasError) {
    var weights: [Layer.Weight] = []
    for (index, name) in ["gamma", "beta", "moving_mean", "moving_variance"].enumerated() {
      let (tensor, source) = try constant(node, index + 1)
      weights.append(Layer.Weight(name, tensor, source: source))
    }
    let rank = type(node, 0).rank
    guard rank == 4 || rank == 2 else { throw failure(node, "input X", "rank 4 or 2", "rank \(rank)") }
    let axis = rank == 4 ? dataFormat.axis(1) : 1
    // PyTorch's momentum of 0.1 is the share of what is new, Keras's that of what stays.
    let settings: KeyValuePairs<String, JSON> = [
      "axis": [.integer(axis)], "momentum": .number(0.9), "epsilon": .number(decimal(op.epsilon)),
      "center": true, "scale": true,
    ]
    setOutput(
      node,
      append(.batchNormalization, node.name, settings, inputs: [try layer(node, 0)], weights: weights))
  }

  private mutating func addSoftmax(_ node: Node, _ op: Softmax) throws(KerasError) {
    let rank = type(node, 0).rank
    guard op.axis > 0, rank == 2 || rank == 4 else {
      throw failure(
        node, "axis", "an axis behind the batch of rank 2 or 4", "axis \(op.axis) of rank \(rank)")
    }
    try addSimple(
      node, .softmax, ["axis": .integer(rank == 4 ? dataFormat.axis(op.axis) : op.axis)])
  }

  private mutating func addConcat(_ node: Node, _ op: Concat) throws(KerasError) {
    let rank = type(node, 0).rank
    guard op.axis > 0, rank == 2 || rank == 4 else {
      throw failure(
        node, "axis", "an axis behind the batch of rank 2 or 4", "axis \(op.axis) of rank \(rank)")
    }
    var inputs: [Int] = []
    for index in node.inputs.indices { inputs.append(try layer(node, index)) }
    if inputs.count == 1 {
      setOutput(node, inputs[0])
      return
    }
    let axis = rank == 4 ? dataFormat.axis(op.axis) : op.axis
    setOutput(node, append(.concatenate, node.name, ["axis": .integer(axis)], inputs: inputs))
  }

  private mutating func addElementwise(_ node: Node, _ layerClass: LayerClass) throws(KerasError) {
    let types = [type(node, 0), type(node, 1)]
    guard types[0].rank == types[1].rank else {
      throw failure(node, "input B", "rank \(types[0].rank)", "\(types[1])")
    }
    setOutput(
      node, append(layerClass, node.name, [:], inputs: [try layer(node, 0), try layer(node, 1)]))
  }

  /// An identity is no layer, but a graph output that is an input needs one.
  private mutating func addIdentity(_ node: Node) throws(KerasError) {
    let layer = try layer(node, 0)
    if isOutput(node.outputs[0]), layers[layer].layerClass == .input {
      try addSimple(node, .activation, ["activation": "linear"])
    } else {
      setOutput(node, layer)
    }
  }

  /// Under `mixed_float16` layers convert what they get to float16; the last one can convert back to float32.
  private mutating func addCast(_ node: Node, _ op: Cast) throws(KerasError) {
    if op.to == type(node, 0).dataType || op.to == .float16 {
      setOutput(node, try layer(node, 0))
      return
    }
    guard isOutput(node.outputs[0]), readers(node.outputs[0]).isEmpty else {
      throw failure(node, "to", "float16, or float32 for an output of the graph", op.to.rawValue)
    }
    setOutput(
      node,
      append(
        .activation, node.name, ["activation": "linear"], inputs: [try layer(node, 0)],
        dataType: DataType.float32.rawValue))
  }
}
