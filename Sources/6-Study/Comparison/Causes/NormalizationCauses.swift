import FileIO
import ModelIR

/// What a normalisation was folded with: where one side has it and the other has it in its weights, another epsilon, or
/// the normalisation left out, can only be told by trying.
enum NormalizationCauses {
  /// The epsilons that frameworks use.
  private static let usualEpsilons: [Float] = [1e-5, 1e-3, 1e-4, 1e-6, 1e-2]

  /// Other epsilons for a normalisation whose output another graph gives otherwise: the usual ones, and the one that the
  /// other side's values ask for.
  ///
  /// - Parameters:
  ///   - found: what the normalisation gives, in Double.
  ///   - expected: what the other side has there.
  static func hypotheses(_ graph: Graph, _ node: Node, found: Tensor?, expected: Tensor) -> [Hypothesis] {
    guard case .batchNormalization(let normalization) = node.op else { return [] }
    let solved = found.map { solvedEpsilons(graph, node, normalization, $0, expected) } ?? []
    return (usualEpsilons.filter { $0 != normalization.epsilon } + solved).map {
      hypothesis(node, normalization, $0)
    } + [leftOut(graph, node, normalization)].compactMap { $0 }
  }

  /// As if the normalisation were not there: statistics and factors that change nothing.
  private static func leftOut(
    _ graph: Graph, _ node: Node, _ normalization: BatchNormalization
  ) -> Hypothesis? {
    guard node.inputs.count == 5, let count = graph.initializer(node.inputs[1])?.elementCount else {
      return nil
    }
    func vector(_ value: Float) -> Tensor { Tensor([Float](repeating: value, count: count), shape: [count]) }
    return Hypothesis(
      kind: .missingNode, node: node.name, has: "the normalisation \(node.name.escapedWhole)",
      otherHas: "none there",
      edits: [1, 0, 0, 1 - normalization.epsilon].enumerated().map {
        .setParameter(node: node.name, input: $0.offset + 1, vector($0.element))
      })
  }

  /// What the convolution before a normalisation holds on the other side, where that has both in one: its weight is
  /// divided by the own normalisation's factors, and then compared.
  ///
  /// - Parameters:
  ///   - graph: the graph with the normalisation.
  ///   - folded: the other's weight and bias.
  static func hypotheses(
    _ graph: Graph, _ node: Node, folded: (weight: Tensor, bias: Tensor?)
  ) -> [Hypothesis] {
    guard case .batchNormalization(let normalization) = node.op, node.inputs.count == 5,
      let before = node.inputs[0].flatMap({ graph.producers()[$0.index] }),
      case .conv = graph.nodes[before].op, let own = graph.initializer(graph.nodes[before].inputs[1]),
      own.shape == folded.weight.shape,
      let parameters = try? (1...4).map({ try graph.initializer(node.inputs[$0])?.doubles() ?? [] }),
      let b = try? folded.bias?.doubles() ?? [Double](repeating: 0, count: own.shape[0])
    else { return [] }
    let convolution = graph.nodes[before]
    let outputs = own.shape[0]
    let inner = own.elementCount / max(outputs, 1)
    guard parameters.allSatisfy({ $0.count == outputs }), b.count == outputs else { return [] }
    let scales = (0..<outputs).map {
      parameters[0][$0] / (parameters[3][$0] + Double(normalization.epsilon)).squareRoot()
    }
    guard scales.allSatisfy({ $0 != 0 && $0.isFinite }) else { return [] }
    let weight = try? Tensor(shape: own.shape) { (start, count) throws(ScaleNetError) in
      let held = try folded.weight.doubles(from: start, count: count)
      return held.indices.map { Float(held[$0] / scales[(start + $0) / inner]) }
    }
    guard let weight, let pair = ElementPair(own, weight), let distance = try? pair.reversed.distance() else {
      return []
    }
    let bias = (0..<outputs).map { Float((b[$0] - parameters[1][$0]) / scales[$0] + parameters[2][$0]) }
    let limit = Tolerance.roundedWeights.absolute * 4
    var result: [Hypothesis] = []
    let isImage = convolution.inputs[0].map(graph.inputs.contains) == true
    func name(_ input: Int) -> String { convolution.inputs[input].map { graph[$0].name } ?? "" }
    if distance.relativeError > limit {
      let (kind, has, otherHas) = ConstantCauses.describe(
        isImage, convolution, 1, name(1), pair, largest: (try? pair.distance())?.largestMagnitude ?? 0)
      result.append(
        Hypothesis(
          kind: kind, node: convolution.name, tensor: name(1), has: has, otherHas: otherHas,
          edits: [.setParameter(node: convolution.name, input: 1, weight)]))
    }
    let held = convolution.inputs.count > 2 ? graph.initializer(convolution.inputs[2]) : nil
    let ownBias = held.map { (try? $0.floats()) ?? [] } ?? [Float](repeating: 0, count: outputs)
    let other = Tensor(bias, shape: [outputs])
    guard ownBias.count == outputs,
      let pair = ElementPair(Tensor(ownBias, shape: [outputs]), other), let distance = try? pair.distance()
    else { return result }
    let edits = [GraphEdit.setParameter(node: convolution.name, input: 2, other)]
    if let held, held.hasNonzero {
      guard Distance(bias, ownBias, .exact).relativeError > limit else { return result }
      let largest = ownBias.map(\.magnitude).max() ?? 0
      let isZero = bias.allSatisfy { $0.magnitude <= largest * 1e-4 }
      let described = ConstantCauses.describe(
        false, convolution, 2, name(2), pair, largest: distance.largestMagnitude)
      result.append(
        Hypothesis(
          kind: isZero ? .missingBias : described.0, node: convolution.name, tensor: name(2),
          has: isZero ? "the bias \(name(2).escapedWhole)" : described.1,
          otherHas: isZero ? "none" : described.2, edits: edits))
    } else if distance.largestMagnitude > 0, haveBiases(graph, but: convolution) {
      // Any term could stand in the place of a bias; a network whose other convolutions have theirs lost this one.
      result.append(
        Hypothesis(
          kind: .missingBias, node: convolution.name, tensor: held == nil ? nil : name(2),
          has: held == nil ? "no bias" : "a bias of zeros", otherHas: "a bias", edits: edits))
    }
    return result
  }

  /// Whether the other convolutions before normalisations have biases, nearly all of them.
  private static func haveBiases(_ graph: Graph, but node: Node) -> Bool {
    let view = GraphView(graph)
    let others = graph.nodes.indices.filter { index in
      guard case .conv = graph.nodes[index].op else { return false }
      return view.normalization[index] != nil && graph.nodes[index].name != node.name
    }
    let count = others.count { index in
      let inputs = graph.nodes[index].inputs
      return inputs.count > 2 && graph.initializer(inputs[2])?.hasNonzero == true
    }
    return count > 0 && count * 10 >= others.count * 9
  }

  /// The usual epsilons for all normalisations.
  static func hypotheses(_ graph: Graph) -> [Hypothesis] {
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
  private static func solvedEpsilons(
    _ graph: Graph, _ node: Node, _ normalization: BatchNormalization, _ found: Tensor, _ expected: Tensor
  ) -> [Float] {
    guard node.inputs.count == 5, let beta = try? graph.initializer(node.inputs[2])?.doubles(),
      let variance = try? graph.initializer(node.inputs[4])?.doubles(),
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
