import FileIO
import JSONText
import ModelIR

extension LayerListBuilder {
  /// Adds the layers of a node.
  mutating func add(_ node: Node) throws(ScaleNetError) {
    try checkTypes(node)
    try checkAxes(node)
    // A layer that computes in float32 among others in half precision says so itself.
    let isKept = policy != "float32" && graph[node.outputs[0]].type.dataType == .float32
    ownType = isKept ? DataType.float32.rawValue : nil
    defer { ownType = nil }
    switch node.op {
    case .conv(let op): try addConv(node, op)
    case .batchNormalization(let op): try addBatchNormalization(node, op)
    case .unary(let function): try addFunction(node, function)
    case .softmax(let op): try addSoftmax(node, op)
    case .maxPool(let op): try addMaxPool(node, op)
    case .averagePool(let op): try addAveragePool(node, op)
    case .globalPool(.average): try addGlobalPool(node, .globalAveragePooling2D)
    case .globalPool(.max): try addGlobalPool(node, .globalMaxPooling2D)
    case .reduce(let op): try addReduceMean(node, op)
    case .resize(let op): try addResize(node, op)
    case .pad(let op): try addPad(node, op)
    case .slice(let op): try addSlice(node, op)
    case .gather(let op): try addGather(node, op)
    case .expand: try addExpand(node)
    case .concat(let op): try addConcat(node, op)
    case .binary(.add): try addElementwise(node, .add)
    case .binary(.sub): try addElementwise(node, .subtract)
    case .binary(.mul): try addElementwise(node, .multiply)
    case .binary(.div): try addElementwise(node, nil)
    case .binary(.pow): try addPower(node)
    case .gemm(let op): try addGemm(node, op)
    case .matMul: try addMatMul(node)
    case .flatten(let op): try addFlatten(node, op)
    case .reshape: try addReshape(node)
    case .transpose(let op): try addTranspose(node, op)
    case .identity: try addIdentity(node)
    case .cast(let op): try addCast(node, op)
    case .binary(.pRelu): try addPRelu(node)
    case .convTranspose(let op): try addConvTranspose(node, op)
    case .variadic(let function): try addVariadic(node, function)
    case .layerNormalization(let op): try addLayerNormalization(node, op)
    case .groupNormalization(let op):
      try addGroupNormalization(node, groups: op.groups, epsilon: op.epsilon, scalesGroups: op.scalesGroups)
    case .instanceNormalization(let op):
      let channels = type(node, 0).dimensions[1].value ?? 0
      try addGroupNormalization(node, groups: channels, epsilon: op.epsilon, scalesGroups: false)
    case .lpNormalization(let op): try addLpNormalization(node, op)
    case .squeeze, .unsqueeze: try addReshape(node)
    case .binary, .lrn, .globalPool(.lp), .where, .argExtremum, .topK, .cumSum, .logSoftmax,
      .hardmax, .lpPool, .maxUnpool, .einsum, .attention, .recurrent, .rmsNormalization,
      .meanVarianceNormalization, .tile, .shape, .size, .trilu, .eyeLike, .reverseSequence, .gatherElements,
      .gatherND,
      .scatterElements, .scatterND, .oneHot, .nonZero, .bitCast, .compress, .unique, .depthToSpace,
      .spaceToDepth,
      .gridSample, .roiAlign, .nonMaxSuppression, .quantizeLinear, .dequantizeLinear, .dynamicQuantizeLinear,
      .convInteger, .matMulInteger, .qLinearConv, .qLinearMatMul, .computed:
      throw failure(node, "operator", "one that a plain Keras layer computes", node.op.name)
    }
    noteSign(node)
  }

  /// Adds the layers of a function of each element.
  private mutating func addFunction(_ node: Node, _ function: Unary) throws(ScaleNetError) {
    switch function {
    case .relu: try addUnary(node, .relu, Self.relu())
    case .leakyRelu(let alpha): try addLeakyRelu(node, alpha: alpha)
    case .clip(let minimum, let maximum): try addClip(node, minimum: minimum, maximum: maximum)
    case .sigmoid: try addFunction(node, "sigmoid")
    case .tanh: try addFunction(node, "tanh")
    case .exp: try addFunction(node, "exponential")
    case .softplus: try addFunction(node, "softplus")
    case .softsign: try addFunction(node, "softsign")
    case .mish: try addFunction(node, "mish")
    case .elu(let alpha): try addElu(node, alpha: alpha)
    case .celu(let alpha): try addCelu(node, alpha: alpha)
    case .selu(let alpha, let gamma): try addSelu(node, alpha: alpha, gamma: gamma)
    case .gelu(let isTanh): try addGelu(node, isTanh: isTanh)
    case .swish(let alpha): try addSwish(node, alpha: alpha)
    case .neg: try addNegative(node)
    case .abs: try addMagnitude(node)
    case .hardSigmoid(let alpha, let beta): try addHardSigmoid(node, alpha: alpha, beta: beta)
    case .hardSwish: try addHardSwish(node)
    case .sign, .reciprocal, .floor, .ceil, .round, .sqrt, .log, .erf, .sin, .cos, .tan, .asin,
      .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .thresholdedRelu, .shrink, .not, .isNaN, .isInf,
      .bitwiseNot:
      throw failure(node, "operator", "one that a plain Keras layer computes", node.op.name)
    }
  }

  /// Keras computes in float32, or under `mixed_float16` in half precision.
  private func checkTypes(_ node: Node) throws(ScaleNetError) {
    for id in node.inputs.compactMap({ $0 }) + node.outputs {
      let type = graph[id].type.dataType
      // A layer may take integers, to make real numbers of them.
      if case .cast = node.op, graph.inputs.contains(id), type.isInteger { continue }
      guard type == .float32 || type == .float16 || type == .bfloat16 || isMovedBytes(node, type) else {
        throw failure(node, graph[id].name, "float32, float16 or bfloat16", type.rawValue)
      }
    }
  }

  /// Whether bytes of an image are on their way to where they become numbers: no layer computes with them.
  private func isMovedBytes(_ node: Node, _ type: DataType) -> Bool {
    switch node.op {
    case .cast, .transpose: type == .uint8
    // Every other operator computes.
    default: false
    }
  }

  /// Layers of windows are written for height and width.
  private func checkAxes(_ node: Node) throws(ScaleNetError) {
    let window: Window
    switch node.op {
    case .conv(let op): window = op.window
    case .maxPool(let op):
      window = op.window
      if op.givesIndices { throw failure(node, "outputs", "1", "2") }
    case .averagePool(let op): window = op.window
    case .globalPool where type(node, 0).rank != 4:
      throw failure(node, "input X", "rank 4", "\(type(node, 0))")
    default: return
    }
    guard window.rank == 2 else { throw failure(node, "kernel_shape", "2 axes", "\(window.kernel)") }
  }

  private mutating func noteSign(_ node: Node) {
    let isNonNegative: Bool
    switch node.op {
    case .unary(.relu), .unary(.sigmoid), .unary(.hardSigmoid), .unary(.exp), .unary(.softplus), .unary(.abs),
      .softmax:
      isNonNegative = true
    case .unary(.clip(let minimum, _)): isNonNegative = minimum >= 0
    case .maxPool, .averagePool, .globalPool, .reduce, .flatten, .reshape, .transpose, .slice, .gather,
      .expand, .identity, .cast, .concat, .binary(.add), .binary(.mul), .variadic, .squeeze, .unsqueeze:
      isNonNegative = node.inputs.allSatisfy(self.isNonNegative)
    case .resize(let op):
      // A cubic kernel overshoots.
      isNonNegative = op.mode != .cubic && self.isNonNegative(node.inputs[0])
    case .pad(let op): isNonNegative = op.value >= 0 && self.isNonNegative(node.inputs[0])
    default: isNonNegative = false
    }
    if isNonNegative { markNonNegative(node.outputs[0]) }
  }

  /// A layer that computes each element alone, whatever the order of the axes.
  mutating func addUnary(
    _ node: Node, _ layerClass: LayerClass, _ settings: KeyValuePairs<String, JSON>
  ) throws(ScaleNetError) {
    let input = try placement(node, 0)
    setOutput(
      node, append(layerClass, node.name, settings, inputs: [input.layer]), order: input.order)
  }

  private mutating func addSoftmax(_ node: Node, _ op: Softmax) throws(ScaleNetError) {
    let input = try placement(node, 0)
    guard let axis = input.order.firstIndex(of: op.axis), axis > 0 else {
      throw failure(node, "axis", "an axis behind the batch", "\(op.axis)")
    }
    try addUnary(node, .softmax, ["axis": .integer(axis)])
  }

  private mutating func addConcat(_ node: Node, _ op: Concat) throws(ScaleNetError) {
    let order = try commonOrder(node)
    guard let axis = order.firstIndex(of: op.axis), axis > 0 else {
      throw failure(node, "axis", "an axis behind the batch", "\(op.axis)")
    }
    var inputs: [Int] = []
    for index in node.inputs.indices { inputs.append(try layer(node, index, order: order)) }
    setOutput(
      node,
      inputs.count == 1
        ? inputs[0] : append(.concatenate, node.name, ["axis": .integer(axis)], inputs: inputs),
      order: order)
  }

  /// The order in which the inputs of a node are put, so that few of them are permuted.
  func commonOrder(_ node: Node) throws(ScaleNetError) -> [Int] {
    var orders: [[Int]] = []
    for index in node.inputs.indices { orders.append(try placement(node, index).order) }
    let standard = standardOrder(type(node, 0).rank)
    return orders.contains(standard) ? standard : orders[0]
  }

  /// Another order of the axes takes no layer until somebody needs them in it.
  private mutating func addTranspose(_ node: Node, _ op: Transpose) throws(ScaleNetError) {
    let input = try placement(node, 0)
    setOutput(
      node, input.layer, order: input.order.compactMap { op.permutation.firstIndex(of: $0) })
  }

  /// An identity is no layer, but a graph output that is an input needs one.
  private mutating func addIdentity(_ node: Node) throws(ScaleNetError) {
    let input = try placement(node, 0)
    if isOutput(node.outputs[0]), layers[input.layer].layerClass == .input {
      try addUnary(node, .activation, ["activation": "linear"])
    } else {
      setOutput(node, input.layer, order: input.order)
    }
  }

  /// Layers convert what they get to their own type, under `mixed_float16` and where one is kept in float32 among such;
  /// the last one can convert back to float32.
  private mutating func addCast(_ node: Node, _ op: Cast) throws(ScaleNetError) {
    let input = try placement(node, 0)
    if type(node, 0).dataType.isInteger, op.to.isFloatingPoint {
      // Rescaling makes real numbers of what it gets; most other layers don't.
      setOutput(
        node, try appendRescaling(node, input.layer, scale: [1], offset: [0], name: node.name),
        order: input.order)
      return
    }
    if op.to == type(node, 0).dataType || op.to == .float16 || op.to == .bfloat16
      || !isOutput(node.outputs[0])
    {
      setOutput(node, input.layer, order: input.order)
      return
    }
    guard readers(node.outputs[0]).isEmpty else {
      throw failure(node, "to", "a half type, or float32 for an output of the graph", op.to.rawValue)
    }
    // In the order of outputs, for a permutation behind it would convert again.
    let order = standardOrder(type(node, 0).rank)
    setOutput(
      node,
      append(
        .activation, node.name, ["activation": "linear"], inputs: [try layer(node, 0, order: order)],
        dataType: DataType.float32.rawValue), order: order)
  }
}
