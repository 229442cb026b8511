import FileIO
import ModelIR

extension GraphBuilder {
  mutating func addGemm(_ node: inout NodeReader) throws(ScaleNetError) {
    let op = Gemm(
      alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
      transA: try node.flag("transA"), transB: try node.flag("transB"))
    try node.requireInputs(atMost: 3)
    try add(node, .gemm(op), inputs: try weights(node))
  }

  /// The product of two matrices is a Gemm without a bias; others stay what they are.
  mutating func addMatMul(_ node: NodeReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let ranks = (try type(node, 0).rank, try type(node, 1).rank)
    let isPlain = ranks == (2, 2)
    let inputs = try weights(node)
    try add(node, isPlain ? .gemm(Gemm()) : .matMul(MatMul()), inputs: inputs)
    // Nothing is computed where the product is empty.
    if isPlain, graph.nodes.last?.name == node.name { matMuls.insert(graph.nodes.count - 1) }
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
