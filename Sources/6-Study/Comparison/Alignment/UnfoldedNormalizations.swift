import FileIO
import ModelIR

extension Graph {
  /// With normalisations that are in the weights of this graph's convolutions as nodes of their own again, where another
  /// graph has them so and its neighbours keep it from folding them: an activation stands between, the sum of a residual, or
  /// the convolution has another reader too. What keeps it from folding is then what both differ in.
  ///
  /// A normalisation is taken out of a convolution whose weight is that of one near it in the other graph, times the
  /// normalisation's factors.
  func withNormalizationsTakenOut(like other: Graph) throws(ScaleNetError) -> Graph {
    let view = GraphView(other)
    let own = ownNormalizations
    let standing = other.nodes.indices.compactMap { StandingNormalization(view, $0) }.filter { known in
      !own.contains { $0.gamma == known.gamma && $0.mean == known.mean }
    }
    if standing.isEmpty { return self }
    var graph = self
    var inserted: [Int: Node] = [:]
    for normalization in standing {
      for place in nodes.indices where inserted[place] == nil {
        guard let weight = folded(place, normalization) else { continue }
        inserted[place] = try graph.takeOut(normalization, of: place, weight)
        break
      }
    }
    if inserted.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().flatMap { [$1] + (inserted[$0].map { [$0] } ?? []) }
    graph.removeUnusedValues()
    return graph
  }

  /// The factors and means of the normalisations that are nodes here.
  private var ownNormalizations: [(gamma: [Double], mean: [Double])] {
    nodes.compactMap { node in
      guard case .batchNormalization = node.op, node.inputs.count == 5,
        let gamma = try? initializer(node.inputs[1])?.doubles(),
        let mean = try? initializer(node.inputs[3])?.doubles()
      else { return nil }
      return (gamma, mean)
    }
  }

  /// The weight of a convolution without the factors of a normalisation; nil unless it is then one that stands near this
  /// in the other graph.
  private func folded(_ place: Int, _ normalization: StandingNormalization) -> Tensor? {
    guard case .conv = nodes[place].op, let weight = initializer(nodes[place].inputs[1]),
      weight.dataType.isFloatingPoint, weight.channelScale == nil || weight.channelScale?.axis == 0
    else { return nil }
    let isSo = normalization.weights.contains { bare in
      guard bare.shape == weight.shape, normalization.isFirstFactor(between: bare, weight),
        let pair = Digits.Pair(bare, weight), let factors = Digits.channelFactors(pair, axis: 0)
      else { return false }
      return zip(factors, normalization.scales).allSatisfy {
        ($0 - $1).magnitude <= StandingNormalization.closeness * $1.magnitude
      }
    }
    return isSo ? weight.scaled(byChannel: normalization.scales.map { Float(1 / $0) }) : nil
  }

  /// Takes a normalisation out of a convolution, and returns it as a node to stand behind it.
  private mutating func takeOut(
    _ normalization: StandingNormalization, of place: Int, _ weight: Tensor
  ) throws(ScaleNetError) -> Node? {
    let node = nodes[place]
    let held = node.inputs.count > 2 ? try initializer(node.inputs[2])?.doubles() : nil
    let (scales, beta, mean) = (normalization.scales, normalization.beta, normalization.mean)
    let shift = held ?? [Double](repeating: 0, count: scales.count)
    guard shift.count == scales.count else { return nil }
    let bias = shift.indices.map { (shift[$0] - beta[$0]) / scales[$0] + mean[$0] }
    // What rounding has left of none.
    let isNone = bias.indices.allSatisfy {
      let terms = [shift[$0].magnitude, beta[$0].magnitude, (mean[$0] * scales[$0]).magnitude]
      return (bias[$0] * scales[$0]).magnitude <= StandingNormalization.closeness * (terms.max() ?? 0)
    }
    let type = self[node.outputs[0]].type
    var inputs: [ValueID?] = [
      node.inputs[0], try addInitializer(unusedName("\(node.name).weight"), weight.cast(to: type.dataType)),
    ]
    if !isNone {
      let tensor = Tensor(bias.map { Float($0) }, shape: [bias.count]).cast(to: type.dataType)
      inputs.append(try addInitializer(unusedName("\(node.name).bias"), tensor))
    }
    let made = try addNode(unusedName("\(node.name).convolution"), node.op, inputs: inputs)
    let convolution = nodes.removeLast()
    var parameters: [ValueID?] = [made[0]]
    for (name, tensor) in zip(["gamma", "beta", "mean", "variance"], normalization.parameters) {
      parameters.append(
        try addInitializer(unusedName("\(node.name).\(name)"), tensor.cast(to: type.dataType)))
    }
    nodes[place] = Node(
      name: node.name, op: convolution.op, inputs: convolution.inputs, outputs: convolution.outputs)
    return Node(
      name: "\(node.name).normalization", op: normalization.op, inputs: parameters, outputs: node.outputs)
  }
}

/// A normalisation that is a node of its own, and the convolutions that it may belong to.
private struct StandingNormalization {
  let op: Operator
  let parameters: [Tensor]
  let gamma: [Double]
  let beta: [Double]
  let mean: [Double]
  let scales: [Double]
  /// The weights of the convolutions near it that have as many outputs.
  let weights: [Tensor]

  /// How far factors may be from the normalisation's, as a part of each: by as much as two roundings and a sum of both.
  static let closeness = 1e-5
  /// How many nodes away a convolution may stand.
  private static let mostSteps = 4

  init?(_ view: GraphView, _ index: Int) {
    let graph = view.graph
    let node = graph.nodes[index]
    guard case .batchNormalization(let normalization) = node.op, node.inputs.count == 5 else { return nil }
    let tensors = node.inputs.dropFirst().compactMap { graph.initializer($0) }
    let elements = tensors.compactMap { try? $0.doubles() }
    guard elements.count == 4, Set(elements.map(\.count)).count == 1 else { return nil }
    op = node.op
    parameters = tensors
    (gamma, beta, mean) = (elements[0], elements[1], elements[2])
    scales = zip(gamma, elements[3]).map { $0 / ($1 + Double(normalization.epsilon)).squareRoot() }
    guard scales.allSatisfy({ $0.isFinite && $0 != 0 }) else { return nil }
    let count = scales.count
    weights = Self.near(view, index).compactMap { place in
      guard case .conv = graph.nodes[place].op, let weight = graph.initializer(graph.nodes[place].inputs[1]),
        weight.shape[0] == count
      else { return nil }
      return weight
    }
    if weights.isEmpty { return nil }
  }

  /// The nodes that stand before or behind a node, at most so many steps away.
  private static func near(_ view: GraphView, _ index: Int) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = [index]
    var front = [index]
    for _ in 0..<mostSteps {
      let next = front.flatMap { place in
        view.graph.nodes[place].inputs.compactMap { $0.flatMap { view.producers[$0.index] } }
          + view.graph.nodes[place].outputs.flatMap { view.consumers[$0.index] }
      }
      front = next.filter { seen.insert($0).inserted }
      found += front
    }
    return found
  }

  /// Whether the first channels of two weights differ by the first factor: most pairs are told apart by that.
  func isFirstFactor(between bare: Tensor, _ weight: Tensor) -> Bool {
    let count = min(16, bare.shape.dimensions.dropFirst().reduce(1, *))
    guard let a = try? bare.floats(from: 0, count: count), let b = try? weight.floats(from: 0, count: count)
    else { return false }
    let largest = b.map(\.magnitude).max() ?? 0
    return zip(a, b).allSatisfy {
      (Double($0) * scales[0] - Double($1)).magnitude <= Self.closeness * Double(largest)
    }
  }
}
