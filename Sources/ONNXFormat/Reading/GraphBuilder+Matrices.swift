import ModelIR

extension GraphBuilder {
  mutating func addGemm(_ node: inout NodeReader) throws(ONNXError) {
    let op = Gemm(
      alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
      transA: try node.flag("transA"), transB: try node.flag("transB"))
    try node.requireInputs(atMost: 3)
    var inputs: [ValueID?] = [try value(node, 0), try value(node, 1)]
    if let bias = try optionalValue(node, 2) { inputs.append(bias) }
    try add(node, .gemm(op), inputs: inputs)
  }

  /// The product of two matrices is a Gemm without a bias.
  mutating func addMatMul(_ node: NodeReader) throws(ONNXError) {
    try node.requireInputs(atMost: 2)
    for index in 0..<2 {
      let type = try type(node, index)
      guard type.rank == 2 else { throw node.failure("input \(index)", expected: "rank 2", found: "\(type)") }
    }
    try add(node, .gemm(Gemm()), inputs: [try value(node, 0), try value(node, 1)])
    matMuls.insert(graph.nodes.count - 1)
  }

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
      guard case .add = node.op, let bias = node.inputs.first(where: { $0 != product }) ?? nil,
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
