import FileIO
import ModelIR

/// Elements by their positions: taken, put and found.
enum IndexOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Gather", readGather),
    OperatorHandler("GatherElements", since: 11) { (node, graph) throws(ScaleNetError) in
      let axis = try axis(&node, graph)
      try node.requireInputs(atMost: 2)
      try graph.add(node, .gatherElements(GatherElements(axis: axis)), try graph.operands(node))
    },
    .plain("GatherND", since: 11, inputs: 2) { (node) throws(ScaleNetError) in
      .gatherND(GatherND(batchAxes: node.opset >= 12 ? try node.integer("batch_dims", default: 0) : 0))
    },
    OperatorHandler("Scatter", since: 9, until: 10, readScatterElements),
    OperatorHandler("ScatterElements", since: 11, readScatterElements),
    .plain("ScatterND", since: 11, inputs: 3) { (node) throws(ScaleNetError) in
      .scatterND(ScatterND(reduction: try reduction(&node)))
    },
    OperatorHandler("OneHot", since: 9, readOneHot),
    .plain("NonZero", since: 9, .nonZero(NonZero())),
    OperatorHandler("Compress", since: 9) { (node, graph) throws(ScaleNetError) in
      let axis = try optionalAxis(&node, graph)
      try node.requireInputs(atMost: 2)
      try graph.add(node, .compress(Compress(axis: axis)), try graph.operands(node))
    },
    OperatorHandler("Unique", since: 11) { (node, graph) throws(ScaleNetError) in
      let axis = try optionalAxis(&node, graph)
      let isSorted = try node.flag("sorted", default: true)
      let outputs = node.readOutputCount
      try node.requireInputs(atMost: 1)
      let op = Unique(axis: axis, isSorted: isSorted, outputCount: outputs)
      try graph.add(node, .unique(op), try graph.operands(node), count: outputs)
    },
  ]

  private static func axis(_ node: inout NodeReader, _ graph: GraphReader) throws(ScaleNetError) -> Int {
    try node.axis(try node.integer("axis", default: 0), rank: try graph.type(node, 0).rank)
  }

  private static func optionalAxis(
    _ node: inout NodeReader, _ graph: GraphReader
  ) throws(ScaleNetError) -> Int? {
    guard let axis = try node.integer("axis") else { return nil }
    return try node.axis(axis, rank: try graph.type(node, 0).rank)
  }

  private static func readGather(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let axis = try axis(&node, graph)
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    guard let positions = try graph.known(node, 1), let stated = try graph.integersIfKnown(node, 1),
      let extent = x.dimensions[axis].value
    else {
      try graph.add(node, .computed(.gather(axis: axis)), [input, try graph.operand(node, 1)])
      return
    }
    var indices: [Int] = []
    for index in stated { indices.append(try node.axis(index, rank: extent, name: "input indices")) }
    let gather = Gather(axis: axis, indices: indices, indexShape: positions.shape)
    try graph.add(node, .gather(gather), [input])
  }

  static func write(_ op: Gather, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
    node.addConstant(
      "indices", Tensor(op.indices.map { Int64($0) }, shape: TensorShape(op.indexShape)))
  }

  static func write(_ op: GatherElements, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
  }

  static func write(_ op: GatherND, _ node: inout NodeWriter) throws(ScaleNetError) {
    guard op.batchAxes != 0 else { return }
    try node.require(opset: 12)
    node.set("batch_dims", op.batchAxes)
  }

  // MARK: Scattering

  /// Sums and products came with opset 16, minimum and maximum with opset 18.
  private static func reduction(_ node: inout NodeReader) throws(ScaleNetError) -> ScatterReduction {
    guard node.opset >= 16 else { return .none }
    let name = try node.string("reduction", default: "none")
    guard let reduction = ScatterReduction(rawValue: name) else {
      throw node.failure("attribute reduction", expected: "none, add, mul, max or min", found: name)
    }
    return reduction
  }

  private static func readScatterElements(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let op = ScatterElements(axis: try axis(&node, graph), reduction: try reduction(&node))
    try node.requireInputs(atMost: 3)
    try graph.add(node, .scatterElements(op), try graph.operands(node))
  }

  static func write(_ op: ScatterElements, _ node: inout NodeWriter) throws(ScaleNetError) {
    node.set("axis", op.axis)
    try write(op.reduction, &node)
  }

  static func write(_ op: ScatterND, _ node: inout NodeWriter) throws(ScaleNetError) {
    try write(op.reduction, &node)
  }

  private static func write(_ reduction: ScatterReduction, _ node: inout NodeWriter) throws(ScaleNetError) {
    switch reduction {
    case .none: return
    case .add, .mul: try node.require(opset: 16)
    case .max, .min: try node.require(opset: 18)
    }
    node.set("reduction", reduction.rawValue)
  }

  // MARK: Finding

  private static func readOneHot(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let indices = try graph.operand(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: graph.type(indices).rank + 1)
    try node.requireInputs(atMost: 3)
    let values = try graph.operand(node, 2)
    var depth: Int?
    if let known = try graph.known(node, 1), known.tensor.elementCount == 1 {
      depth =
        known.dataType.isFloatingPoint
        ? try known.reals().map { Int($0[0].rounded(.towardZero)) } : try known.integers().map { Int($0[0]) }
    }
    if let depth {
      try graph.add(node, .oneHot(OneHot(axis: axis, depth: depth)), [indices, values])
    } else {
      try graph.add(
        node, .computed(.oneHot(axis: axis)), [indices, try graph.operand(node, 1), values])
    }
  }

  static func write(_ op: OneHot, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
    let values = node.inputs.removeLast()
    node.addConstant("depth", Tensor([Int64(op.depth)], shape: []))
    node.inputs.append(values)
  }

  static func write(_ op: Compress, _ node: inout NodeWriter) {
    if let axis = op.axis { node.set("axis", axis) }
  }

  static func write(_ op: Unique, _ node: inout NodeWriter) {
    if let axis = op.axis { node.set("axis", axis) }
    node.set("sorted", op.isSorted)
  }
}
