import FileIO
package import Inspection

/// The graph of one block, from its input at the top to its output at the bottom: a box for each node, with its
/// operator and the shape of what it makes.
package struct BlockDiagram {
  private let block: BlockGraph

  package init(_ block: BlockGraph) {
    self.block = block
  }

  /// The graph as a picture.
  package var drawing: Drawing {
    func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " x ") }
    // The block's input is box 0.
    var boxes = [NodeDiagram.Box(title: "input", subtitle: text(block.inputShape), inputs: [])]
    for node in block.nodes {
      let hasWeights = ["Conv", "Gemm", "BatchNormalization"].contains(node.op)
      boxes.append(
        NodeDiagram.Box(
          title: node.detail.isEmpty ? node.op : "\(node.op) \(node.detail)",
          subtitle: text(node.outputShape), fill: hasWeights ? .panel : .paper,
          inputs: node.inputs.map { $0 + 1 }))
    }
    let name = block.name.escapedForMessage
    return NodeDiagram(title: "Block \(name)", summary: "The graph of block \(name)", boxes: boxes).drawing
  }
}
