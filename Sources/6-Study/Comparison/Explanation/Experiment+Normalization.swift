import ModelIR

extension Experiment {
  /// The epsilons that frameworks use.
  private static let usualEpsilons: [Float] = [1e-5, 1e-3, 1e-4, 1e-6, 1e-2]

  /// Other epsilons: the usual ones, and the one that the other side's values ask for.
  func epsilonHypotheses() -> [Hypothesis] {
    Self.usualEpsilonHypotheses(own)
      + own.nodes.flatMap { node -> [Hypothesis] in
        guard case .batchNormalization(let normalization) = node.op else { return [] }
        return solvedEpsilons(node, normalization).map { Self.hypothesis(node, normalization, $0) }
      }
  }

  static func usualEpsilonHypotheses(_ graph: Graph) -> [Hypothesis] {
    graph.nodes.flatMap { node -> [Hypothesis] in
      guard case .batchNormalization(let normalization) = node.op else { return [] }
      return usualEpsilons.filter { $0 != normalization.epsilon }.map { hypothesis(node, normalization, $0) }
    }
  }

  private static func hypothesis(
    _ node: Node, _ normalization: BatchNormalization, _ epsilon: Float
  ) -> Hypothesis {
    Hypothesis(
      kind: .batchNormEpsilon, node: node.name, has: "epsilon \(normalization.epsilon)",
      otherHas: "epsilon \(epsilon)",
      edits: [.setOperator(node: node.name, .batchNormalization(BatchNormalization(epsilon: epsilon)))],
      likewise: { other, _ in
        guard case .batchNormalization(normalization) = other.op else { return [] }
        return [.setOperator(node: other.name, .batchNormalization(BatchNormalization(epsilon: epsilon)))]
      })
  }

  /// What epsilon must be for the other's values: for each channel the factor between both, which is
  /// sqrt((variance + own epsilon) / (variance + other epsilon)), gives one; the median is taken. Once as it is, and
  /// once with two significant digits.
  private func solvedEpsilons(_ node: Node, _ normalization: BatchNormalization) -> [Float] {
    guard let output = own.outputs.first, node.outputs[0] == output, node.inputs.count == 5,
      let beta = try? own.initializer(node.inputs[2])?.doubles(),
      let variance = try? own.initializer(node.inputs[4])?.doubles(), let found = self.output(of: own),
      let order = AxisOrder.relations(found.shape.dimensions, expected.shape.dimensions).first,
      let ordered = order.apply(to: expected, shape: found.shape), let a = try? found.doubles(),
      let b = try? ordered.doubles(), found.shape.rank >= 2
    else { return [] }
    let shape = found.shape.dimensions
    let (channels, area) = (shape[1], shape[2...].reduce(1, *))
    guard channels == beta.count, channels == variance.count else { return [] }
    var solved: [Double] = []
    for channel in 0..<channels {
      var (product, square) = (0.0, 0.0)
      for image in 0..<shape[0] {
        let start = (image * channels + channel) * area
        for index in start..<start + area {
          let x = a[index] - beta[channel]
          product += x * (b[index] - beta[channel])
          square += x * x
        }
      }
      let ratio = product / square
      guard ratio.isFinite, ratio > 0 else { continue }
      let value = (variance[channel] + Double(normalization.epsilon)) / (ratio * ratio) - variance[channel]
      if value.isFinite { solved.append(value) }
    }
    guard !solved.isEmpty else { return [] }
    let median = solved.sorted()[solved.count / 2]
    guard median > 0 else { return [] }
    var unit = 1.0
    while median / unit < 10 { unit /= 10 }
    while median / unit >= 100 { unit *= 10 }
    return [Float((median / unit).rounded() * unit), Float(median)]
  }
}
