import Execution
import FileIO
import ModelIR

/// Whether two graphs compute the same because they are the same: the same operators with the same attributes, on the
/// same values and on weights that are the same bit for bit. Names and the order of nodes do not matter.
struct SameGraph {
  /// What a node is told by, but for the elements of its weights.
  private struct Key: Hashable {
    enum Input: Hashable {
      case none
      /// A value of the first graph.
      case value(Int)
      case weight(TensorType)
    }

    var op: Operator
    var inputs: [Input]
    var outputs: [TensorType]
  }

  /// Whether all outputs are the same, in their order, for the same inputs, in theirs.
  static func areSame(_ first: Graph, _ second: Graph) throws(ScaleNetError) -> Bool {
    guard first.inputs.count == second.inputs.count, first.outputs.count == second.outputs.count,
      first.nodes.count == second.nodes.count
    else { return false }
    var nodes: [Key: [Int]] = [:]
    for (index, node) in first.nodes.enumerated() {
      nodes[key(node, of: first) { $0.index }!, default: []].append(index)
    }
    /// The first graph's value that is the same as one of the second.
    var same = [Int?](repeating: nil, count: second.values.count)
    for (id, other) in zip(first.inputs, second.inputs) where first[id].type == second[other].type {
      same[other.index] = id.index
    }
    for node in second.nodes {
      // One that is not found makes all that follow it others.
      guard let key = key(node, of: second, { same[$0.index] }) else { return false }
      var match: Node?
      for index in nodes[key] ?? [] where match == nil {
        if try haveSameWeights(first.nodes[index], of: first, node, of: second) {
          match = first.nodes[index]
        }
      }
      guard let match else { return false }
      for (id, other) in zip(match.outputs, node.outputs) { same[other.index] = id.index }
    }
    return zip(first.outputs, second.outputs).allSatisfy { same[$1.index] == $0.index }
  }

  /// nil if an input has no number.
  private static func key(_ node: Node, of graph: Graph, _ number: (ValueID) -> Int?) -> Key? {
    var inputs: [Key.Input] = []
    for id in node.inputs {
      if let id, graph[id].initializer != nil {
        inputs.append(.weight(graph[id].type))
      } else if let id {
        guard let number = number(id) else { return nil }
        inputs.append(.value(number))
      } else {
        inputs.append(.none)
      }
    }
    return Key(op: node.op, inputs: inputs, outputs: node.outputs.map { graph[$0].type })
  }

  private static func haveSameWeights(
    _ a: Node, of graph: Graph, _ b: Node, of other: Graph
  ) throws(ScaleNetError) -> Bool {
    for (id, otherID) in zip(a.inputs, b.inputs) {
      guard let id, let tensor = graph.initializer(id), let found = other.initializer(otherID)
      else { continue }
      do throws(ScaleNetError) {
        if tensor.isSameView(as: found) { continue }
        guard try tensor.hasSameBits(as: found) else { return false }
      } catch {
        throw .unreadableInitializer(name: graph[id].name, error: error)
      }
    }
    return true
  }
}
