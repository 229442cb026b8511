import ModelIR

/// A node as ONNX names its parts, before it is packed.
struct NodeEncoding {
  struct Attribute {
    enum Value {
      case integer(Int)
      case float(Float)
      case string(String)
      case integers([Int])
    }

    let name: String
    let value: Value
  }

  let name: String
  let op: String
  /// Names of values; empty for one that is left out.
  var inputs: [String]
  let outputs: [String]
  private(set) var attributes: [Attribute] = []
  /// Constants that ONNX wants as inputs where the graph has them in the operator.
  private(set) var constants: [(name: String, tensor: Tensor)] = []

  init(_ node: Node, in graph: Graph) {
    name = node.name
    op = node.op.name
    inputs = node.inputs.map { $0.map { graph[$0].name } ?? "" }
    outputs = node.outputs.map { graph[$0].name }
  }

  mutating func set(_ name: String, _ value: Int) {
    attributes.append(Attribute(name: name, value: .integer(value)))
  }

  mutating func set(_ name: String, _ value: Bool) { set(name, value ? 1 : 0) }

  mutating func set(_ name: String, _ value: Float) {
    attributes.append(Attribute(name: name, value: .float(value)))
  }

  mutating func set(_ name: String, _ value: String) {
    attributes.append(Attribute(name: name, value: .string(value)))
  }

  mutating func set(_ name: String, _ values: [Int]) {
    attributes.append(Attribute(name: name, value: .integers(values)))
  }

  /// Adds a constant as the next input, under a name made of the node's.
  mutating func addConstant(_ suffix: String, _ tensor: Tensor, in graph: Graph) {
    let name = graph.unusedName("\(name).\(suffix)")
    inputs.append(name)
    constants.append((name, tensor))
  }
}
