import ModelIR

/// A few nodes of a graph around one of them, for a drawing.
package struct GraphSection: Sendable, Hashable {
  /// One node.
  package struct Node: Sendable, Hashable {
    package var name: String
    /// ONNX's `op_type`.
    package var op: String
    package var outputShape: [Int]
    /// Indices of the section's nodes whose outputs are read, which come before this one; -1 for what comes from above.
    package var inputs: [Int]
    /// Whether it is the node that the section is about.
    package var isCentre: Bool
  }

  /// How many steps before and behind the node are shown.
  private static let reach = 2
  private static let mostNodes = 16

  /// In an order in which they can run.
  package private(set) var nodes: [Node] = []

  /// The nodes around the one of this name; nil if there is none.
  init?(around name: String, in graph: Graph, isCentreMarked: Bool = true) {
    guard let centre = graph.nodes.firstIndex(where: { $0.name == name }) else { return nil }
    let producers = graph.producers()
    let consumers = graph.consumers()
    var distance = [centre: 0]
    var waiting = [centre]
    while !waiting.isEmpty {
      let index = waiting.removeFirst()
      guard let steps = distance[index], steps < Self.reach else { continue }
      let before = graph.nodes[index].inputs.compactMap { $0.flatMap { producers[$0.index] } }
      let behind = graph.nodes[index].outputs.flatMap { consumers[$0.index] }
      for next in before + behind where distance[next] == nil && distance.count < Self.mostNodes {
        distance[next] = steps + 1
        waiting.append(next)
      }
    }
    let shown = distance.keys.sorted()
    var places: [Int: Int] = [:]
    for index in shown {
      let node = graph.nodes[index]
      let inputs = node.inputs.compactMap { $0 }.filter { graph[$0].initializer == nil }
      places[index] = nodes.count
      nodes.append(
        Node(
          name: node.name, op: node.op.name,
          outputShape: node.outputs.first.map { graph[$0].type.dimensions.compactMap(\.value) } ?? [],
          inputs: inputs.map { producers[$0.index].flatMap { places[$0] } ?? -1 },
          isCentre: isCentreMarked && index == centre))
    }
  }
}
