package import ModelIR

/// Where each node of a graph stands: in which residual block, and at which of its scales.
package struct NodePlaces: Sendable {
  /// The scales of scale-aggregation blocks: by how much they pool.
  package static let scales = BlockRecognizer.pools

  /// The residual blocks, in the order in which they run; none in networks of another kind.
  package let blocks: [BlockReport]
  /// For each node the index of its block; nil outside of all.
  package let block: [Int?]
  /// For each node the index of its scale in `scales`; nil for what all scales share.
  package let scale: [Int?]
  /// Whether any block has scales.
  package var hasScales: Bool { blocks.contains { $0.kind == .scaleAggregation } }

  /// Recognises the blocks of the graph that `report` was made of.
  package init(_ graph: Graph, _ report: CostReport) {
    let recognizer = BlockRecognizer(graph)
    let found = recognizer.blocks()
    var block = [Int?](repeating: nil, count: graph.nodes.count)
    var scale = [Int?](repeating: nil, count: graph.nodes.count)
    let hasScales = found.contains { $0.kind == .scaleAggregation }
    for (index, recognized) in found.enumerated() {
      for node in recognized.nodes where block[node] == nil { block[node] = index }
      if hasScales, recognized.kind == .bottleneck, let source = recognized.branches.first?.source {
        // A block that kept one scale only has the shape of a bottleneck.
        for node in recognized.nodes {
          guard case .conv = graph.nodes[node].op,
            recognizer.activations(of: graph.nodes[node]).first == source
          else { continue }
          scale[node] = 0
        }
      }
      guard recognized.kind == .scaleAggregation else { continue }
      for branch in recognized.branches {
        guard let position = Self.scales.firstIndex(of: branch.pool) else { continue }
        for node in branch.nodes { scale[node] = position }
      }
    }
    blocks = report.blocks(found, of: graph)
    self.block = block
    self.scale = scale
  }
}
