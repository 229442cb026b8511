public import FileIO

/// Removes nodes whose outputs nothing reads, and values that nothing mentions. Graph inputs stay.
public struct EliminateDeadNodes: GraphPass {
  public let name = "eliminate dead nodes"

  public init() {}

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    var isNeeded = [Bool](repeating: false, count: graph.values.count)
    for id in graph.outputs { isNeeded[id.index] = true }
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
      for case let id? in node.inputs { isNeeded[id.index] = true }
      kept.append(node)
    }
    let before = (graph.nodes.count, graph.values.count)
    graph.nodes = kept.reversed()
    graph.removeUnusedValues()
    return before != (graph.nodes.count, graph.values.count)
  }
}
