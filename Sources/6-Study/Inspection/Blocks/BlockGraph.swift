package import ModelIR

/// The nodes of one block and how they hang together, for a drawing.
package struct BlockGraph: Sendable, Codable, Hashable {
  /// One node.
  package struct Node: Sendable, Codable, Hashable {
    package var name: String
    /// ONNX's `op_type`.
    package var op: String
    /// What sets the node apart from others of its kind: `3x3`, `7x7 / 7`, `nearest`; may be empty.
    package var detail: String
    package var outputShape: [Int]
    /// Indices of the nodes whose outputs are read, which come before this one; -1 is the block's input.
    package var inputs: [Int]

    enum CodingKeys: String, CodingKey {
      case name, op, detail, inputs
      case outputShape = "output_shape"
    }
  }

  /// The block's name, as in its `BlockReport`.
  package var name: String
  package var kind: BlockKind
  package var inputShape: [Int]
  /// In an order in which they can run.
  package var nodes: [Node]

  enum CodingKeys: String, CodingKey {
    case name, kind, nodes
    case inputShape = "input_shape"
  }

  /// The block of a graph that shows most: of the scale-aggregation blocks the first with most scales, else the first
  /// of all. Nil if there is no block.
  package init?(representing graph: Graph) {
    let blocks = BlockRecognizer(graph).blocks()
    let candidates = blocks.indices.filter { blocks[$0].kind == .scaleAggregation }
    guard
      let index = candidates.max(by: { blocks[$0].branches.count < blocks[$1].branches.count })
        ?? blocks.indices.first
    else { return nil }
    // `max(by:)` gives the last of equals.
    let most = blocks[index].branches.count
    let first = candidates.first { blocks[$0].branches.count == most } ?? index
    self.init(blocks[first], index: first, of: graph)
  }

  private init(_ block: RecognizedBlock, index: Int, of graph: Graph) {
    name = CostReport.blockName(block, of: graph) ?? "block \(index)"
    kind = block.kind
    inputShape = graph[block.input].type.shape?.dimensions ?? []
    nodes = []
    var positions = [block.input: -1]
    for index in block.nodes {
      let node = graph.nodes[index]
      let inputs = node.inputs.compactMap { id in id.flatMap { positions[$0] } }
      for id in node.outputs { positions[id] = nodes.count }
      nodes.append(
        Node(
          name: node.name, op: node.op.name, detail: Self.detail(node.op),
          outputShape: node.outputs.first.flatMap { graph[$0].type.shape?.dimensions } ?? [], inputs: inputs))
    }
  }

  private static func detail(_ op: Operator) -> String {
    func text(_ window: Window) -> String {
      let kernel = window.kernel.map(String.init).joined(separator: "x")
      return kernel + (window.strides.allSatisfy { $0 == 1 } ? "" : " / \(window.strides[0])")
    }
    switch op {
    case .conv(let conv): return text(conv.window) + (conv.group == 1 ? "" : ", \(conv.group) groups")
    case .maxPool(let pool): return text(pool.window)
    case .averagePool(let pool): return text(pool.window)
    case .resize(let resize):
      return resize.mode == .nearest ? "nearest" : resize.mode == .linear ? "bilinear" : "bicubic"
    default: return ""
    }
  }
}
