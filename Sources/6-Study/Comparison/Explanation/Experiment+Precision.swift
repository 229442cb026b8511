import ModelIR

extension Experiment {
  /// Parameters rounded to a half type, as they stand or after folding.
  func precisionHypotheses() -> [Hypothesis] { Self.precisionHypotheses(own) }

  static func precisionHypotheses(_ graph: Graph) -> [Hypothesis] {
    var result: [Hypothesis] = []
    for type in [DataType.float16, .bfloat16] {
      for foldsFirst in [false, true] {
        guard let base = foldsFirst ? try? graph.folded() : graph else { continue }
        let edits = base.nodes.flatMap { rounding($0, in: base, to: type) }
        guard let first = base.nodes.first(where: { !rounding($0, in: base, to: type).isEmpty }) else {
          continue
        }
        // A graph in a half type rounds its inputs too.
        for inputType in [nil, type] {
          result.append(
            Hypothesis(
              kind: .halfPrecision, node: first.name, has: "float32 weights",
              otherHas: "these rounded to \(type.rawValue)\(inputType == nil ? "" : ", as its inputs are")",
              edits: edits, foldsFirst: foldsFirst, inputType: inputType,
              likewise: { rounding($0, in: $1, to: type) }))
        }
      }
    }
    return result
  }

  /// The parameters of a node rounded to a type; nothing where one does not fit it.
  static func rounding(_ node: Node, in graph: Graph, to type: DataType) -> [GraphEdit] {
    node.inputs.indices.compactMap { input in
      guard let tensor = graph.initializer(node.inputs[input]), tensor.dataType.isFloatingPoint,
        let rounded = try? tensor.cast(to: type).floats(), let own = try? tensor.floats(), rounded != own
      else { return nil }
      return .setParameter(
        node: node.name, input: input, Tensor(rounded, shape: tensor.shape).cast(to: tensor.dataType))
    }
  }
}
