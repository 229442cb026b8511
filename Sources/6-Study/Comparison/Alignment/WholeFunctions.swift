import FileIO
import ModelIR

/// What GELU is written with.
enum GaussianUnitPart: Hashable {
  case erf, tanh, whole
}

extension Graph {
  /// How often what GELU is made of stands in a graph, and GELU as one node.
  var gaussianUnitParts: [GaussianUnitPart: Int] {
    var result: [GaussianUnitPart: Int] = [:]
    for node in nodes {
      switch node.op {
      case .unary(.erf): result[.erf, default: 0] += 1
      case .unary(.tanh): result[.tanh, default: 0] += 1
      case .unary(.gelu): result[.whole, default: 0] += 1
      default: continue
      }
    }
    return result
  }

  /// With one node for each GELU that is spelled out, as exporters do before opset 20: by the error function, or by the
  /// hyperbolic tangent (Hendrycks and Gimpel 2016). What computes anything else, be it by one constant, stays.
  func withWholeGaussianUnits() throws(ScaleNetError) -> Graph {
    let view = GraphView(self)
    var graph = self
    var removed = Set<Int>()
    for index in nodes.indices {
      guard let isTanh = nodes[index].op.gaussianUnit, let unit = SpelledUnit(view, index, isTanh: isTanh),
        removed.isDisjoint(with: unit.inner), !removed.contains(unit.end)
      else { continue }
      graph.nodes[unit.end].op = .unary(.gelu(isTanh: isTanh))
      graph.nodes[unit.end].inputs = [unit.input]
      removed.formUnion(unit.inner)
    }
    if removed.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }
}

extension Graph {
  /// How often HardSigmoid is one node.
  var hardSigmoidCount: Int {
    nodes.count { if case .unary(.hardSigmoid) = $0.op { true } else { false } }
  }

  /// With one node for each HardSigmoid that is spelled out, as Keras does: max(0, min(1, alpha * x + beta)).
  func withWholeHardSigmoids() throws(ScaleNetError) -> Graph {
    let view = GraphView(self)
    var graph = self
    var removed = Set<Int>()
    for index in nodes.indices {
      guard case .unary(.clip(minimum: 0, maximum: 1)) = nodes[index].op, var input = nodes[index].inputs[0]
      else { continue }
      // From the last to the first: what stands before a factor is multiplied too.
      var (alpha, beta) = (1.0, 0.0)
      var inner: [Int] = []
      while let producer = view.producers[input.index], view.consumers[input.index].count == 1,
        !outputs.contains(input), let step = scalarStep(nodes[producer])
      {
        (alpha, beta) = (alpha * step.factor, beta + alpha * step.term)
        inner.append(producer)
        input = step.input
      }
      guard !inner.isEmpty, self[input].type == self[nodes[index].outputs[0]].type else { continue }
      graph.nodes[index].op = .unary(.hardSigmoid(alpha: Float(alpha), beta: Float(beta)))
      graph.nodes[index].inputs = [input]
      removed.formUnion(inner)
    }
    if removed.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }

  /// A sum, difference, product or quotient of a value and one known number, as factor * x + term.
  private func scalarStep(_ node: Node) -> (input: ValueID, factor: Double, term: Double)? {
    guard case .binary(let function) = node.op, node.inputs.count == 2, let a = node.inputs[0],
      let b = node.inputs[1]
    else { return nil }
    func number(_ id: ValueID) -> Double? {
      guard let tensor = initializer(id), tensor.elementCount == 1 else { return nil }
      return (try? tensor.doubles())?.first
    }
    switch (function, number(a), number(b)) {
    case (.add, nil, let term?): return (a, 1, term)
    case (.add, let term?, nil): return (b, 1, term)
    case (.sub, nil, let term?): return (a, 1, -term)
    case (.mul, nil, let factor?): return (a, factor, 0)
    case (.mul, let factor?, nil): return (b, factor, 0)
    case (.div, nil, let divisor?) where divisor != 0: return (a, 1 / divisor, 0)
    default: return nil
    }
  }
}

extension Operator {
  /// Whether GELU's approximation is made with this function, or GELU itself; nil of other operators.
  fileprivate var gaussianUnit: Bool? {
    switch self {
    case .unary(.erf): false
    case .unary(.tanh): true
    default: nil
    }
  }
}

/// A GELU in parts.
private struct SpelledUnit {
  let input: ValueID
  /// The node that makes the result, and those before it that nothing else reads.
  let end: Int
  let inner: [Int]

  /// How many nodes there are at most before the function and behind it.
  private static let mostSteps = 8

  init?(_ view: GraphView, _ function: Int, isTanh: Bool) {
    var end = function
    for _ in 0..<Self.mostSteps {
      guard view.consumers[view.output(end).index].count == 1, !view.graph.outputs.contains(view.output(end)),
        let next = view.consumers[view.output(end).index].first, view.graph.nodes[next].op.isByElement
      else { return nil }
      end = next
      for input in Self.sources(view, of: function) {
        guard let nodes = Self.nodes(view, from: input, to: end),
          Self.isUnit(view, nodes + [end], input, isTanh: isTanh)
        else { continue }
        (self.input, self.end, inner) = (input, end, nodes)
        return
      }
    }
    return nil
  }

  /// The values that a node's may be made of, the nearest first.
  private static func sources(_ view: GraphView, of node: Int) -> [ValueID] {
    var found: [ValueID] = []
    var front = [node]
    for _ in 0..<mostSteps {
      var next: [Int] = []
      for place in front {
        for case let id? in view.graph.nodes[place].inputs
        where view.graph[id].initializer == nil && !found.contains(id) {
          found.append(id)
          if let producer = view.producers[id.index], view.graph.nodes[producer].op.isByElement {
            next.append(producer)
          }
        }
      }
      front = next
    }
    return found
  }

  /// The nodes between a value and a node, in the order of running; nil if they read another one too, or are read elsewhere.
  private static func nodes(_ view: GraphView, from input: ValueID, to end: Int) -> [Int]? {
    var found = Set<Int>()
    var waiting = [end]
    while let place = waiting.popLast() {
      for case let id? in view.graph.nodes[place].inputs
      where id != input && view.graph[id].initializer == nil {
        guard let producer = view.producers[id.index], view.graph.nodes[producer].op.isByElement,
          !view.graph.outputs.contains(id), found.count < 2 * mostSteps
        else { return nil }
        if found.insert(producer).inserted { waiting.append(producer) }
      }
    }
    let areRead = found.contains { node in
      view.consumers[view.output(node).index].contains { $0 != end && !found.contains($0) }
    }
    return areRead ? nil : found.sorted()
  }

  private static func isUnit(_ view: GraphView, _ nodes: [Int], _ input: ValueID, isTanh: Bool) -> Bool {
    let graph = view.graph
    // Of many constants each would be for other elements.
    let constants = nodes.flatMap { graph.nodes[$0].inputs }.compactMap { graph.initializer($0) }
    guard constants.allSatisfy({ $0.elementCount == 1 }) else { return false }
    let whole = Node(
      name: "", op: .unary(.gelu(isTanh: isTanh)), inputs: [input],
      outputs: graph.nodes[nodes[nodes.count - 1]].outputs)
    return ScalarFunction(nodes.map { graph.nodes[$0] }) { graph[$0].initializer }.isSame(
      as: ScalarFunction([whole]) { graph[$0].initializer })
  }
}
