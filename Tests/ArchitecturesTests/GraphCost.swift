import ModelIR

extension Graph {
  /// The learnable parameters, and the multiply-accumulates of convolutions and linear layers for one image.
  func parametersAndMACs() -> (parameters: Int, macs: Int) {
    var (parameters, macs) = (0, 0)
    for node in nodes {
      let shapes = node.inputs.map { id in id.flatMap { self[$0].type.binding(1).shape } }
      let outputs = node.outputs.compactMap { self[$0].type.binding(1).shape }
      macs += node.op.kind.cost(inputs: shapes, outputs: outputs).macs
      for (position, id) in node.inputs.enumerated() {
        // Running statistics are not learned.
        if case .batchNormalization = node.op, position >= 3 { continue }
        parameters += initializer(id)?.elementCount ?? 0
      }
    }
    return (parameters, macs)
  }

  func node(named name: String) -> Node? { nodes.first { $0.name == name } }
}
