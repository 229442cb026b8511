import FileIO
import ModelIR

/// Finds GELU where a graph says it with Erf, as exporters do below opset 20: x * (1 + erf(x / sqrt(2))) / 2 with its
/// factors in any order. Keras has a function for it, and none for Erf.
struct GeluPattern {
  private let graph: Graph
  private let producers: [Int?]
  private let consumers: [[Int]]

  /// The graph with GELU in place of its parts.
  static func replaced(in graph: Graph) throws(ScaleNetError) -> Graph {
    let pattern = GeluPattern(graph)
    var result = graph
    var isChanged = false
    for (index, node) in graph.nodes.enumerated() where node.op == .unary(.erf) {
      guard let (x, end) = pattern.match(index) else { continue }
      let last = graph.nodes[end]
      result.nodes[end] = Node(
        name: last.name, op: .unary(.gelu(isTanh: false)), inputs: [x], outputs: last.outputs)
      isChanged = true
    }
    if isChanged { try result.apply([EliminateDeadNodes()]) }
    return result
  }

  private init(_ graph: Graph) {
    self.graph = graph
    producers = graph.producers()
    consumers = graph.consumers()
  }

  /// The x of an Erf's GELU, and the node that yields the result.
  private func match(_ erf: Int) -> (x: ValueID, end: Int)? {
    guard let inner = graph.nodes[erf].inputs[0], let x = scaled(inner, by: 0.5.squareRoot()),
      let sum = onlyReader(erf), graph.nodes[sum].op == .binary(.add),
      let one = other(sum, than: graph.nodes[erf].outputs[0]), isNumber(one, 1),
      let product = onlyReader(sum), graph.nodes[product].op == .binary(.mul),
      let factor = other(product, than: graph.nodes[sum].outputs[0])
    else { return nil }
    if scaled(factor, by: 0.5) == x { return (x, product) }
    guard factor == x || isNumber(factor, 0.5), let end = onlyReader(product),
      graph.nodes[end].op == .binary(.mul), let rest = other(end, than: graph.nodes[product].outputs[0]),
      factor == x ? isNumber(rest, 0.5) : rest == x
    else { return nil }
    return (x, end)
  }

  /// What a value is a multiple of, by a product with a number or a quotient.
  private func scaled(_ id: ValueID, by scale: Double) -> ValueID? {
    guard let index = producers[id.index] else { return nil }
    let node = graph.nodes[index]
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else { return nil }
    switch node.op {
    case .binary(.mul): return isNumber(right, scale) ? left : isNumber(left, scale) ? right : nil
    case .binary(.div): return isNumber(right, 1 / scale) ? left : nil
    default: return nil
    }
  }

  /// The one node that reads what a node yields; nil if there are others, or it is an output.
  private func onlyReader(_ index: Int) -> Int? {
    let output = graph.nodes[index].outputs[0]
    let readers = consumers[output.index]
    return readers.count == 1 && !graph.outputs.contains(output) ? readers[0] : nil
  }

  /// The operand of a node that is not this one.
  private func other(_ index: Int, than id: ValueID) -> ValueID? {
    let inputs = graph.nodes[index].inputs
    return inputs[0] == id ? inputs[1] : inputs[0]
  }

  /// Whether a value is one number, as near as Float16 can tell.
  private func isNumber(_ id: ValueID, _ number: Double) -> Bool {
    guard let tensor = graph.initializer(id), tensor.elementCount == 1, let value = try? tensor.doubles()[0]
    else { return false }
    return abs(value - number) <= (tensor.dataType == .float16 ? 1e-3 : 1e-6) * number
  }
}
