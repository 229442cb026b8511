import FileIO
import ModelIR

extension Graph {
  /// Puts another function in place of every ReLU but those within gates.
  ///
  /// Functions that ONNX has only in its newest opsets are built of older operators, so that every runtime takes them. The
  /// last node bears the ReLU's name.
  mutating func replaceActivations(by activation: Activation) throws(ScaleNetError) {
    let places = Set(activations)
    var result: [Node] = []
    for (index, node) in nodes.enumerated() {
      guard places.contains(index), let input = node.inputs[0] else {
        result.append(node)
        continue
      }
      result += try steps(of: activation, node, input)
    }
    nodes = result
  }

  /// The nodes that compute a function of `input` and give what `node` gave.
  private mutating func steps(
    of activation: Activation, _ node: Node, _ input: ValueID
  ) throws(ScaleNetError) -> [Node] {
    var added: [Node] = []
    let name = node.name
    func last(_ op: Operator, _ inputs: [ValueID]) -> Node {
      Node(name: name, op: op, inputs: inputs, outputs: node.outputs, absorbed: node.absorbed)
    }
    func step(_ suffix: String, _ op: Operator, _ inputs: [ValueID]) throws(ScaleNetError) -> ValueID {
      // Nodes are put in their places afterwards.
      let before = nodes.count
      let output = try addNode("\(name).\(suffix)", op, inputs: inputs)[0]
      added += nodes[before...]
      nodes.removeLast(nodes.count - before)
      return output
    }
    func constant(_ value: Float) throws(ScaleNetError) -> ValueID {
      let key = "constant.\(value)"
      if let known = self.value(named: key) { return known }
      return try addInitializer(key, Tensor([value], shape: []))
    }
    switch activation {
    case .relu: return [node]
    case .relu6: return [last(.unary(.clip(minimum: 0, maximum: 6)), [input])]
    case .leakyRelu: return [last(.unary(.leakyRelu(alpha: 0.01)), [input])]
    case .elu: return [last(.unary(.elu(alpha: 1)), [input])]
    case .hardSwish: return [last(.unary(.hardSwish), [input])]
    case .silu:
      let gate = try step("sigmoid", .unary(.sigmoid), [input])
      return added + [last(.binary(.mul), [input, gate])]
    case .mish:
      let soft = try step("softplus", .unary(.softplus), [input])
      let gate = try step("tanh", .unary(.tanh), [soft])
      return added + [last(.binary(.mul), [input, gate])]
    case .gelu:
      var x = try step("scale", .binary(.mul), [input, try constant(Float(0.5).squareRoot())])
      x = try step("erf", .unary(.erf), [x])
      x = try step("shift", .binary(.add), [x, try constant(1)])
      x = try step("gate", .binary(.mul), [input, x])
      return added + [last(.binary(.mul), [x, try constant(0.5)])]
    case .geluTanh:
      // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
      var x = try step("square", .binary(.mul), [input, input])
      x = try step("cubic", .binary(.mul), [x, try constant(0.044715)])
      x = try step("one", .binary(.add), [x, try constant(1)])
      x = try step("odd", .binary(.mul), [input, x])
      x = try step("scale", .binary(.mul), [x, try constant(0.7978845608)])
      x = try step("tanh", .unary(.tanh), [x])
      x = try step("shift", .binary(.add), [x, try constant(1)])
      x = try step("gate", .binary(.mul), [input, x])
      return added + [last(.binary(.mul), [x, try constant(0.5)])]
    }
  }
}
