import Execution
import ModelIR

/// Whether nodes of two graphs do the same, written in other words: a function of each element, or another order of the
/// same elements.
struct SameFunction {
  let own: GraphView
  let other: GraphView

  /// The most nodes that are looked at on either side.
  private static let mostNodes = 16

  func areSame(_ own: [Node], _ other: [Node]) -> Bool {
    ScalarFunction(own) { self.own.graph[$0].initializer }.isSame(
      as: ScalarFunction(other) { self.other.graph[$0].initializer })
      || Rearrangement(own, self.own.graph).isSame(as: Rearrangement(other, self.other.graph))
  }

  /// Nodes that stand in each other's place, without what both begin or end with in other words: what is left is on one
  /// side alone.
  func withoutSame(_ own: [Node], _ other: [Node]) -> (own: [Node], other: [Node]) {
    guard !own.isEmpty, !other.isEmpty, max(own.count, other.count) <= Self.mostNodes else {
      return (own, other)
    }
    func rest(_ nodes: [Node], isSame: (ArraySlice<Node>) -> Bool) -> [Node]? {
      for index in nodes.indices.dropFirst() {
        if isSame(nodes[index...]) { return Array(nodes[..<index]) }
        if isSame(nodes[..<index]) { return Array(nodes[index...]) }
      }
      return nil
    }
    if let left = rest(own, isSame: { areSame(Array($0), other) }) { return (left, []) }
    if let left = rest(other, isSame: { areSame(own, Array($0)) }) { return ([], left) }
    return withoutSameTranspose(own, other) ?? withoutSameEnds(own, other)
  }

  /// Without the nodes that both begin and end with, of those that read one value alone.
  private func withoutSameEnds(_ own: [Node], _ other: [Node]) -> (own: [Node], other: [Node]) {
    var (a, b) = (own[...], other[...])
    func isSame(_ x: Node?, _ y: Node?) -> Bool {
      guard let x, let y, x.inputs.count == 1, y.inputs.count == 1 else { return false }
      return !AttributeCauses.differ(x.op, y.op)
    }
    while isSame(a.last, b.last) { (a, b) = (a.dropLast(), b.dropLast()) }
    while isSame(a.first, b.first) { (a, b) = (a.dropFirst(), b.dropFirst()) }
    return a.isEmpty && b.isEmpty ? (own, other) : (Array(a), Array(b))
  }

  /// Without a Transpose that both have, one before and one behind functions of each element. nil where they have none, or
  /// where it matters where it stands.
  private func withoutSameTranspose(_ own: [Node], _ other: [Node]) -> (own: [Node], other: [Node])? {
    func place(_ nodes: [Node]) -> (index: Int, permutation: [Int])? {
      var found: (Int, [Int])?
      for (index, node) in nodes.enumerated() {
        switch node.op {
        case .transpose(let transpose) where found == nil: found = (index, transpose.permutation)
        case .unary: continue
        default: return nil
        }
      }
      return found
    }
    guard let a = place(own), let b = place(other), a.permutation == b.permutation,
      own.count + other.count > 2
    else { return nil }
    var (own, other) = (own, other)
    own.remove(at: a.index)
    other.remove(at: b.index)
    return (own, other)
  }
}

/// What nodes that only move elements make of a value: slices put together are a reshape and a transposition too.
struct Rearrangement {
  /// The extents of the result, and the places of its elements in the value; nil where the nodes do anything else.
  private let result: (shape: [Int], places: [Float])?

  /// Elements up to which places are followed; float32 counts much farther.
  private static let mostElements = 1 << 20

  init(_ nodes: [Node], _ graph: Graph) { result = Self.result(nodes, graph) }

  func isSame(as other: Rearrangement) -> Bool {
    guard let result, let others = other.result else { return false }
    return result.shape.filter { $0 != 1 } == others.shape.filter { $0 != 1 }
      && result.places == others.places
  }

  /// Whether nodes read an image's channels, of two to four, backwards, and do nothing else.
  static func reversesChannels(_ nodes: [Node], _ graph: Graph) -> Bool {
    guard let found = result(nodes, graph) else { return false }
    let shape = found.shape
    return [1, shape.count - 1].contains { axis in
      guard shape.count == 4, (2...4).contains(shape[axis]) else { return false }
      let inner = shape[(axis + 1)...].reduce(1, *)
      return found.places.indices.allSatisfy { index in
        let channel = index / inner % shape[axis]
        return Int(found.places[index]) == index + (shape[axis] - 1 - 2 * channel) * inner
      }
    }
  }

  private static func result(_ nodes: [Node], _ graph: Graph) -> (shape: [Int], places: [Float])? {
    let made = Set(nodes.flatMap(\.outputs))
    let read = Set(
      nodes.flatMap(\.inputs).compactMap { $0 }.filter {
        !made.contains($0) && graph[$0].initializer == nil
      })
    guard nodes.allSatisfy({ moves($0.op) }), read.count == 1, let input = read.first,
      let last = nodes.last?.outputs.first, let shape = graph[input].type.shape,
      shape.elementCount <= mostElements
    else { return nil }
    var values = [input: Tensor((0..<shape.elementCount).map { Float($0) }, shape: shape)]
    for node in nodes {
      let inputs = node.inputs.map { id in id.flatMap { values[$0] ?? graph[$0].initializer } }
      guard let found = try? ReferenceEvaluator.evaluate(node.op, inputs, node: node.name) else { return nil }
      for (id, tensor) in zip(node.outputs, found) { values[id] = tensor }
    }
    guard let moved = values[last], let places = try? moved.floats() else { return nil }
    return (moved.shape.dimensions, places)
  }

  private static func moves(_ op: Operator) -> Bool {
    switch op {
    case .identity, .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .slice, .gather, .concat,
      .depthToSpace, .spaceToDepth:
      true
    default: false
    }
  }
}
