import FileIO
import ModelIR

/// Products of matrices, and what is made of them.
enum MatrixOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Gemm", readGemm), OperatorHandler("MatMul", readMatMul),
    .plain("MatMulInteger", since: 10, inputs: 4, .matMulInteger(MatMulInteger())),
    .plain("QLinearMatMul", since: 10, inputs: 8, .qLinearMatMul(QLinearMatMul())),
    .plain("Einsum", since: 12, inputs: 64) { (node) throws(ScaleNetError) in
      .einsum(Einsum(equation: try node.string("equation", default: "")))
    },
    OperatorHandler("Attention", since: 23, readAttention),
  ]

  private static func readGemm(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let op = Gemm(
      alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
      transA: try node.flag("transA"), transB: try node.flag("transB"))
    try node.requireInputs(atMost: 3)
    try graph.add(node, .gemm(op), try graph.weights(node))
  }

  /// The product of two matrices is a Gemm without a bias; others stay what they are.
  private static func readMatMul(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let types = (try graph.type(node, 0), try graph.type(node, 1))
    let isPlain = types.0.rank == 2 && types.1.rank == 2 && types.0.dataType.isFloatingPoint
    try graph.add(node, isPlain ? .gemm(Gemm()) : .matMul(MatMul()), try graph.weights(node))
    // Nothing is computed where the product is empty or known.
    if isPlain, graph.graph.nodes.last?.name == node.name {
      graph.matMuls.insert(graph.graph.nodes.count - 1)
    }
  }

  /// Inputs of heads that are not padded, and windows of keys, came with opsets 24 and 25.
  private static func readAttention(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let number = try node.integer("qk_matmul_output_mode", default: 0)
    guard let stage = Attention.ScoreStage(rawValue: number) else {
      throw node.failure("attribute qk_matmul_output_mode", expected: "0 to 3", found: "\(number)")
    }
    // Everything is computed in at least the precision that this asks for.
    node.ignore("softmax_precision")
    let windows = try ["left_window_size", "right_window_size"].map { (name) throws(ScaleNetError) -> Int? in
      let size = try node.integer(name, default: -1)
      guard size >= -1 else {
        throw node.failure("attribute \(name)", expected: "-1 or more", found: "\(size)")
      }
      return size == -1 ? nil : size
    }
    let outputs = node.readOutputCount
    let op = Attention(
      queryHeads: try node.integer("q_num_heads", default: 0),
      keyHeads: try node.integer("kv_num_heads", default: 0), isCausal: try node.flag("is_causal"),
      scale: try node.float("scale"), softcap: try node.float("softcap", default: 0), scoreStage: stage,
      keysBefore: windows[0], keysBehind: windows[1], outputCount: outputs)
    try node.requireInputs(atMost: 7)
    let inputs = try graph.operands(node)
    let given = inputs.map { $0 != nil } + [Bool](repeating: false, count: 7 - inputs.count)
    guard given[4] == given[5] else {
      throw node.failure(
        "input past_value", expected: "past_key and past_value together", found: "one of them")
    }
    guard !given[4] || !given[6] else {
      throw node.failure("input nonpad_kv_seqlen", expected: "none beside past_key", found: "a value")
    }
    try graph.add(node, .attention(op), inputs, count: outputs)
  }

  // MARK: Writing

  static func write(_ op: Gemm, _ node: inout NodeWriter) {
    node.set("alpha", op.alpha)
    node.set("beta", op.beta)
    node.set("transA", op.transA)
    node.set("transB", op.transB)
  }

  static func write(_ op: Einsum, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 12)
    node.set("equation", op.equation)
  }

  static func write(_ op: Attention, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: node.inputs.count > 6 ? 24 : 23)
    // Windows of keys came with opset 25.
    for (name, size) in [("left_window_size", op.keysBefore), ("right_window_size", op.keysBehind)] {
      guard let size else { continue }
      try node.require(opset: 25)
      node.set(name, size)
    }
    if op.queryHeads != 0 { node.set("q_num_heads", op.queryHeads) }
    if op.keyHeads != 0 { node.set("kv_num_heads", op.keyHeads) }
    node.set("is_causal", op.isCausal)
    if let scale = op.scale { node.set("scale", scale) }
    node.set("softcap", op.softcap)
    if op.outputCount == 4 { node.set("qk_matmul_output_mode", op.scoreStage.rawValue) }
  }
}

extension GraphReader {
  /// Makes a constant row that is added to a MatMul, and to nothing else that reads it, the bias of its Gemm.
  mutating func fuseMatMulBias() {
    guard !matMuls.isEmpty else { return }
    let consumers = graph.consumers()
    var removed = Set<Int>()
    for index in matMuls.sorted() {
      let product = graph.nodes[index].outputs[0]
      guard consumers[product.index].count == 1, !graph.outputs.contains(product) else { continue }
      let addition = consumers[product.index][0]
      let node = graph.nodes[addition]
      guard case .binary(.add) = node.op, let bias = node.inputs.first(where: { $0 != product }) ?? nil,
        graph[bias].initializer != nil, graph[node.outputs[0]].type == graph[product].type,
        graph[bias].type.dimensions == [graph[product].type.dimensions[1]]
      else { continue }
      graph.nodes[index].inputs.append(bias)
      graph.nodes[index].outputs = node.outputs
      graph.nodes[index].absorbed.append(node.name)
      removed.insert(addition)
    }
    guard !removed.isEmpty else { return }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
  }
}
