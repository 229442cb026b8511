public import FileIO

/// Lets readers of an Identity read its input. One that stands between a graph input and a graph output stays,
/// because both names must.
public struct EliminateIdentities: GraphPass {
  public let name = "eliminate identities"

  public init() {}

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    var kept: [Node] = []
    let nodes = graph.nodes
    // Replacements are looked up while going forward, so that chains collapse.
    var replacement: [ValueID: ValueID] = [:]
    for var node in nodes {
      node.inputs = node.inputs.map { $0.map { replacement[$0] ?? $0 } }
      if case .identity = node.op, let input = node.inputs[0], !graph.outputs.contains(node.outputs[0]) {
        replacement[node.outputs[0]] = input
      } else {
        kept.append(node)
      }
    }
    guard !replacement.isEmpty else { return false }
    graph.nodes = kept
    graph.removeUnusedValues()
    return true
  }
}
