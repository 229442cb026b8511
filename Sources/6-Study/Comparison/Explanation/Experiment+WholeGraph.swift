import ModelIR

extension Experiment {
  /// Changes that are tried on all nodes of a graph at once.
  static func wholeGraphHypotheses(_ graph: Graph) -> [Hypothesis] {
    resizeHypotheses(graph) + usualEpsilonHypotheses(graph) + precisionHypotheses(graph)
      + sameMarginHypotheses(graph) + poolingHypotheses(graph)
  }

  /// TensorFlow's "same" margins: as few as give ceil(extent / step), the odd one behind.
  private static func sameMarginHypotheses(_ graph: Graph) -> [Hypothesis] {
    let likewise: (Node, Graph) -> [GraphEdit] = { node, graph in
      guard let input = node.inputs[0], let shape = graph[input].type.shape, shape.rank == 4 else {
        return []
      }
      func same(_ window: Window) -> Window {
        var window = window
        for axis in 0..<2 {
          let margins = window.sameMargins(axis, extent: shape[axis + 2])
          window.pads[axis] = margins.smaller
          window.pads[axis + 2] = margins.larger
        }
        return window
      }
      switch node.op {
      case .conv(var conv):
        // Only where margins were given: a window without any may mean it.
        guard conv.window.pads.contains(where: { $0 > 0 }), same(conv.window) != conv.window else {
          return []
        }
        conv.window = same(conv.window)
        return [.setOperator(node: node.name, .conv(conv))]
      case .maxPool(var pool):
        guard pool.window.pads.contains(where: { $0 > 0 }), same(pool.window) != pool.window else {
          return []
        }
        pool.window = same(pool.window)
        return [.setOperator(node: node.name, .maxPool(pool))]
      default:
        return []
      }
    }
    guard let first = graph.nodes.first(where: { !likewise($0, graph).isEmpty }) else { return [] }
    return [
      Hypothesis(
        kind: .padding, node: first.name, has: "margins alike on both sides",
        otherHas: "TensorFlow's \"same\" margins", edits: likewise(first, graph), likewise: likewise)
    ]
  }

  /// Margins that count in a mean or do not, extents rounded up or down.
  private static func poolingHypotheses(_ graph: Graph) -> [Hypothesis] {
    graph.nodes.flatMap { node -> [Hypothesis] in
      guard case .averagePool(let pool) = node.op else { return [] }
      var variant = pool
      variant.countIncludePad.toggle()
      return [
        Hypothesis(
          kind: .padding, node: node.name,
          has: pool.countIncludePad
            ? "margins that count in the mean" : "margins that do not count in the mean",
          otherHas: pool.countIncludePad ? "margins that do not" : "margins that do",
          edits: [.setOperator(node: node.name, .averagePool(variant))],
          likewise: { other, _ in
            guard case .averagePool(var own) = other.op, own.countIncludePad == pool.countIncludePad else {
              return []
            }
            own.countIncludePad.toggle()
            return [.setOperator(node: other.name, .averagePool(own))]
          })
      ]
    }
  }
}
