import FileIO
import ModelIR

/// Normalisations by statistics, and along axes.
enum NormalizationOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("BatchNormalization", readBatchNormalization),
    // ONNX has it from opset 17. ONNX Runtime writes it into files of older ones too, and had another name for
    // RMSNormalization before ONNX had one.
    OperatorHandler("LayerNormalization", since: 1, readLayerNormalization),
    OperatorHandler("RMSNormalization", since: 23, readRMSNormalization),
    OperatorHandler("SimplifiedLayerNormalization", since: 1) { (node, graph) throws(ScaleNetError) in
      try graph.leaveOut(node, output: 1, because: "a result of training")
      try readRMSNormalization(&node, &graph)
    },
    OperatorHandler("GroupNormalization", since: 18, readGroupNormalization),
    .plain("InstanceNormalization", since: 6, inputs: 3) { (node) throws(ScaleNetError) in
      .instanceNormalization(InstanceNormalization(epsilon: try node.float("epsilon", default: 1e-5)))
    },
    OperatorHandler("LpNormalization", readLpNormalization),
    OperatorHandler("MeanVarianceNormalization", since: 9, readMeanVarianceNormalization),
    OperatorHandler("LRN", readLRN),
    OperatorHandler("Softmax", readSoftmax), OperatorHandler("LogSoftmax", readSoftmax),
    OperatorHandler("Hardmax", readSoftmax),
  ]

  // MARK: BatchNormalization

  private static func readBatchNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let epsilon = try node.float("epsilon", default: 1e-5)
    // How running statistics change in training.
    node.ignore("momentum")
    var trains = false
    if node.opset >= 14 {
      trains = try node.flag("training_mode")
    } else if node.opset < 9, try node.integer("spatial", default: 1) != 1 {
      throw node.failure("attribute spatial", expected: "1", found: "another value")
    }
    try node.requireInputs(atMost: 5)
    // Until opset 13 these follow from training; files that were exported in that mode name them nevertheless.
    for index in 1..<5 { try graph.leaveOut(node, output: index, because: "a result of training") }
    if trains {
      try addTraining(node, epsilon: epsilon, &graph)
    } else {
      try graph.add(
        node, .batchNormalization(BatchNormalization(epsilon: epsilon)), try graph.weights(node),
        output: try node.firstOutput())
    }
  }

  /// With statistics of what is normalised itself, as weights are standardised, a BatchNormalization over N images is an
  /// InstanceNormalization of one image that holds them all.
  private static func addTraining(
    _ node: NodeReader, epsilon: Float, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let x = try graph.operand(node, 0)
    let type = graph.type(x)
    guard type.rank >= 2 else {
      throw node.failure("input X", expected: "rank 2 or more", found: "\(type)")
    }
    let parameters: [Operand?] = [try graph.weight(node, 1), try graph.weight(node, 2)]
    let op = Operator.instanceNormalization(InstanceNormalization(epsilon: epsilon))
    let output = try node.firstOutput()
    if type.dimensions[0] == 1, type.rank > 2 {
      try graph.add(node, op, [x] + parameters, output: output)
      return
    }
    guard let shape = type.shape else {
      throw node.failure("attribute training_mode", expected: "0, or known extents", found: "1, \(type)")
        .advising(.closeExtents)
    }
    let order = [1, 0] + Array(2..<type.rank)
    let swapped = try graph.step(node, "channels", .transpose(Transpose(permutation: order)), [x])
    let one = try graph.step(node, "image", .reshape(Reshape(shape: [1, shape[1], -1])), [swapped])
    let normalized = try graph.step(node, "normalized", op, [one] + parameters)
    let apart = try graph.step(
      node, "images", .reshape(Reshape(shape: order.map { shape[$0] })), [normalized])
    try graph.add(node, .transpose(Transpose(permutation: order)), [apart], output: output)
  }

  /// All five inputs are of one type; mean and variance may have their own from opset 14, scale and shift from 15.
  static func write(_ op: BatchNormalization, _ node: inout NodeWriter) throws(ScaleNetError) {
    let types = (0..<5).map { node.type($0).dataType }
    let mayDiffer = node.opset >= 15 ? [1, 3] : node.opset == 14 ? [3] : []
    for index in 1..<5 where types[index] != types[index - 1] && !mayDiffer.contains(index) {
      throw node.failure(
        "input \(index)", expected: "\(types[index - 1].rawValue) in opset \(node.opset)",
        found: types[index].rawValue)
    }
    node.set("epsilon", op.epsilon)
  }

  // MARK: Others

  private static func readLayerNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let x = try graph.type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: x.rank)
    try node.requireFloatStash()
    let outputs = node.readOutputCount
    let op = LayerNormalization(
      axis: axis, epsilon: try node.float("epsilon", default: 1e-5), outputCount: outputs)
    try node.requireInputs(atMost: 3)
    try graph.add(node, .layerNormalization(op), try graph.weights(node), count: outputs)
  }

  static func write(_ op: LayerNormalization, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 17)
    node.set("axis", op.axis)
    node.set("epsilon", op.epsilon)
  }

  private static func readRMSNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let x = try graph.type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: x.rank)
    try node.requireFloatStash()
    let op = RMSNormalization(axis: axis, epsilon: try node.float("epsilon", default: 1e-5))
    try node.requireInputs(atMost: 2)
    try graph.add(node, .rmsNormalization(op), try graph.weights(node))
  }

  static func write(_ op: RMSNormalization, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 23)
    node.set("axis", op.axis)
    node.set("epsilon", op.epsilon)
  }

  /// Scale and bias are one for each group in opset 18, and one for each channel from opset 21.
  private static func readGroupNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let groups = try node.requiredInteger("num_groups")
    if node.opset >= 21 { try node.requireFloatStash() }
    let op = GroupNormalization(
      groups: groups, epsilon: try node.float("epsilon", default: 1e-5), scalesGroups: node.opset < 21)
    try node.requireInputs(atMost: 3)
    try graph.add(node, .groupNormalization(op), try graph.weights(node))
  }

  static func write(_ op: GroupNormalization, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 18)
    guard op.scalesGroups == (node.opset < 21) else {
      throw node.failure(
        "input scale", expected: op.scalesGroups ? "opset 18 to 20" : "opset 21 or later",
        found: "opset \(node.opset)")
    }
    node.set("num_groups", op.groups)
    node.set("epsilon", op.epsilon)
  }

  static func write(_ op: InstanceNormalization, _ node: inout NodeWriter) {
    node.set("epsilon", op.epsilon)
  }

  private static func readLpNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let axis = try node.axis(try node.integer("axis", default: -1), rank: try graph.type(node, 0).rank)
    let op = LpNormalization(axis: axis, p: try node.integer("p", default: 2))
    try node.requireInputs(atMost: 1)
    try graph.add(node, .lpNormalization(op), try graph.operands(node))
  }

  static func write(_ op: LpNormalization, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
    node.set("p", op.p)
  }

  private static func readMeanVarianceNormalization(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let stated = try node.integers("axes") ?? [0, 2, 3]
    let axes = try node.axes(stated, rank: try graph.type(node, 0).rank, name: "attribute axes")
    try node.requireInputs(atMost: 1)
    let op = MeanVarianceNormalization(axes: axes.sorted())
    try graph.add(node, .meanVarianceNormalization(op), try graph.operands(node))
  }

  static func write(_ op: MeanVarianceNormalization, _ node: inout NodeWriter) {
    node.set("axes", op.axes)
  }

  private static func readLRN(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let lrn = LRN(
      size: try node.requiredInteger("size"), alpha: try node.float("alpha", default: 1e-4),
      beta: try node.float("beta", default: 0.75), bias: try node.float("bias", default: 1))
    try node.requireInputs(atMost: 1)
    try graph.add(node, .lrn(lrn), [try graph.operand(node, 0)])
  }

  static func write(_ op: LRN, _ node: inout NodeWriter) {
    node.set("size", op.size)
    node.set("alpha", op.alpha)
    node.set("beta", op.beta)
    node.set("bias", op.bias)
  }

  // MARK: Softmax

  /// Until opset 12 all axes from the given one on, by default the second, were taken together.
  private static func readSoftmax(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let type = try graph.type(node, 0)
    let standard = node.opset < 13 ? 1 : -1
    let axis = try node.axis(try node.integer("axis", default: standard), rank: type.rank)
    try node.requireInputs(atMost: 1)
    let name = node.message.op
    func op(_ axis: Int) -> Operator {
      switch name {
      case "Softmax": .softmax(Softmax(axis: axis))
      case "LogSoftmax": .logSoftmax(LogSoftmax(axis: axis))
      default: .hardmax(Hardmax(axis: axis))
      }
    }
    let input = try graph.operand(node, 0)
    guard node.opset < 13, type.dimensions[(axis + 1)...].contains(where: { $0 != 1 }) else {
      try graph.add(node, op(axis), [input])
      return
    }
    let rows = try graph.step(node, "rows", .flatten(Flatten(axis: axis)), [input])
    let result = try graph.step(node, name.lowercased(), op(1), [rows])
    try graph.add(node, .reshape(try ShapeOperators.reshape(to: type, node)), [result])
  }

  static func writeSoftmax(axis: Int, _ node: inout NodeWriter) throws(ScaleNetError) {
    let type = node.type(0)
    if node.opset < 13, type.dimensions[(axis + 1)...].contains(where: { $0 != 1 }) {
      throw node.failure(
        "axis", expected: "opset 13 or later, or extents of 1 after axis \(axis)",
        found: "opset \(node.opset), \(type)")
    }
    node.set("axis", axis)
  }
}

extension NodeReader {
  /// Statistics are computed in float32 or better, which is what this attribute asks for where it is 1.
  mutating func requireFloatStash() throws(ScaleNetError) {
    let type = try integer("stash_type", default: 1)
    guard type == 1 || type == 11 else {
      throw failure("attribute stash_type", expected: "1 (FLOAT)", found: DataType.onnxName(Int64(type)))
    }
  }
}
