import ModelIR

extension Experiment {
  /// Weights with two axes exchanged: where the shape allows it in place, otherwise their data in that order under
  /// the same shape. On one side they may be folded with what stands behind them.
  func transpositionHypotheses() -> [Hypothesis] {
    bases().flatMap { base in
      base.own.nodes.flatMap { node -> [Hypothesis] in
        guard let tensor = weight(node, in: base.own) else { return [] }
        return Self.transpositions(of: node.op, tensor.shape.dimensions).compactMap { order -> Hypothesis? in
          guard let moved = Self.transposed(tensor, order) else { return nil }
          let isInPlace = tensor.shape.dimensions == order.map { tensor.shape[$0] }
          return Hypothesis(
            kind: .transposedWeights, node: node.name, tensor: Self.name(of: node, 1, in: base.own),
            has: "its weight",
            otherHas: "that weight with its axes in the order \(order)"
              + (isInPlace ? "" : ", read in the shape it had before"),
            edits: [.setParameter(node: node.name, input: 1, moved)], foldsFirst: base.isFolded,
            likewise: { other, graph in
              guard other.op.name == node.op.name, let tensor = graph.initializer(other.inputs[1]),
                Self.transpositions(of: other.op, tensor.shape.dimensions).contains(order),
                let moved = Self.transposed(tensor, order)
              else { return [] }
              return [.setParameter(node: other.name, input: 1, moved)]
            })
        }
      }
    }
  }

  /// The elements with axes in another order, in the shape that they had.
  private static func transposed(_ tensor: Tensor, _ order: [Int]) -> Tensor? {
    let view = tensor.transposed(order)
    if view.shape == tensor.shape { return view }
    guard let elements = try? view.floats() else { return nil }
    return Tensor(elements, shape: tensor.shape).cast(to: tensor.dataType)
  }

  /// Both parts as they are, and with everything folded, as one side may be.
  private func bases() -> [(own: Graph, other: Graph, isFolded: Bool)] {
    let plain = [(own: own, other: other, isFolded: false)]
    guard let base = try? own.folded(), let held = try? other.folded() else { return plain }
    return plain + [(own: base, other: held, isFolded: true)]
  }

  private static func transpositions(of op: Operator, _ shape: [Int]) -> [[Int]] {
    switch op {
    case .gemm:
      return shape.count == 2 && shape[0] > 1 && shape[1] > 1 ? [[1, 0]] : []
    case .conv:
      guard shape.count == 4 else { return [] }
      let isSquare = shape[2] == shape[3] && shape[2] > 1
      let isSymmetric = shape[0] == shape[1] && shape[0] > 1
      return (isSquare ? [[0, 1, 3, 2]] : []) + (isSymmetric ? [[1, 0, 2, 3]] : [])
        + (isSquare && isSymmetric ? [[1, 0, 3, 2]] : [])
        + (shape.count { $0 > 1 } > 1 ? [[2, 3, 1, 0]] : [])
    default:
      return []
    }
  }

  /// Channels in another order: those of a weight, found by comparing it with the other side's.
  func permutationHypotheses() -> [Hypothesis] {
    bases().flatMap { base in
      Self.counterparts(base.own, base.other).flatMap { pair -> [Hypothesis] in
        guard let tensor = weight(pair.own, in: base.own), let other = weight(pair.other, in: base.other),
          tensor.shape == other.shape, let a = try? tensor.floats(), let b = try? other.floats()
        else { return [] }
        return [1, 0].compactMap { axis -> Hypothesis? in
          guard axis < tensor.shape.rank,
            let order = ChannelOrder.find(a, b, shape: tensor.shape.dimensions, axis: axis)
          else { return nil }
          let isImage =
            axis == 1 && base.own.inputs.contains(pair.own.inputs[0] ?? base.own.outputs[0])
            && order.count <= 4 && order == order.indices.reversed()
          let moved = Tensor(
            ChannelOrder.apply(order, to: a, shape: tensor.shape.dimensions, axis: axis), shape: tensor.shape)
          return Hypothesis(
            kind: isImage ? .swappedInputChannels : .permutedChannels, node: pair.own.name,
            tensor: Self.name(of: pair.own, 1, in: base.own),
            has: isImage ? "the image's channels in one order" : "its weight",
            otherHas: isImage
              ? "them in the opposite order (RGB against BGR)"
              : "that weight with its \(axis == 0 ? "output" : "input") channels in another order",
            edits: [.setParameter(node: pair.own.name, input: 1, moved.cast(to: tensor.dataType))],
            foldsFirst: base.isFolded)
        }
      }
    }
  }

  /// Channels of the value itself in another order: everything that makes them is reordered, up to the nearest weight.
  func outputOrderHypotheses() -> [Hypothesis] {
    guard let found = output(of: own), found.shape == expected.shape, found.shape.rank >= 2,
      let a = try? found.doubles(), let b = try? expected.doubles(),
      let order = ChannelOrder.find(a, b, shape: found.shape.dimensions, axis: 1),
      let edits = Self.reordering(own, order), let node = own.nodes.last
    else { return [] }
    return [
      Hypothesis(
        kind: .permutedChannels, node: node.name, has: "its output's channels in one order",
        otherHas: "them in another", edits: edits)
    ]
  }

  /// Edits that put the channels of a part's output in another order: slices of weights, biases and statistics along
  /// the way back to the nearest weight; nil if they can't be reordered there.
  private static func reordering(_ graph: Graph, _ order: [Int]) -> [GraphEdit]? {
    var edits: [GraphEdit] = []
    for node in graph.nodes.reversed() {
      let inputs: [(place: Int, axis: Int)]
      switch node.op {
      case .batchNormalization: inputs = (1...4).map { ($0, 0) }
      case .conv: inputs = (1..<node.inputs.count).map { ($0, 0) }
      case .gemm(let gemm):
        inputs = (1..<node.inputs.count).map { ($0, $0 == 1 ? (gemm.transB ? 0 : 1) : 0) }
      case .relu, .sigmoid, .clip, .resize, .maxPool, .averagePool, .globalAveragePool, .identity, .cast:
        continue
      default:
        return nil
      }
      for (place, axis) in inputs {
        guard let tensor = graph.initializer(node.inputs[place]), axis < tensor.shape.rank,
          tensor.shape[axis] == order.count, let elements = try? tensor.floats()
        else { return nil }
        let moved = ChannelOrder.apply(order, to: elements, shape: tensor.shape.dimensions, axis: axis)
        edits.append(
          .setParameter(
            node: node.name, input: place, Tensor(moved, shape: tensor.shape).cast(to: tensor.dataType)))
      }
      if node.op.isLinear { return edits }
    }
    return nil
  }

  /// Parameters replaced by the other side's: one at a time, then all of a node, then all.
  func replacementHypotheses() -> [Hypothesis] {
    var result: [Hypothesis] = []
    for foldsFirst in [false, true] {
      guard let base = foldsFirst ? try? own.folded() : own,
        let held = foldsFirst ? try? other.folded() : other
      else { continue }
      var all: [GraphEdit] = []
      for (node, counterpart) in Self.counterparts(base, held) {
        var edits: [GraphEdit] = []
        for input in 1..<max(min(node.inputs.count, counterpart.inputs.count), 1) {
          guard let tensor = base.initializer(node.inputs[input]),
            let replacement = held.initializer(counterpart.inputs[input]), tensor.shape == replacement.shape,
            let a = try? tensor.floats(), let b = try? replacement.floats(), a != b,
            let id = node.inputs[input]
          else { continue }
          let edit = GraphEdit.setParameter(
            node: node.name, input: input, Tensor(b, shape: tensor.shape).cast(to: tensor.dataType))
          edits.append(edit)
          let count = zip(a, b).count { $0 != $1 }
          result.append(
            Hypothesis(
              kind: .differentWeights, node: node.name, tensor: base[id].name,
              has: "its own \(base[id].name)",
              otherHas: "other values in \(count) of \(a.count) elements", edits: [edit],
              foldsFirst: foldsFirst))
        }
        all += edits
      }
      if all.count > 1 {
        result.append(
          Hypothesis(
            kind: .differentWeights, node: own.nodes.last?.name, has: "its own weights",
            otherHas: "other values in \(all.count) parameters", edits: all, foldsFirst: foldsFirst))
      }
    }
    return result
  }

  func weight(_ node: Node, in graph: Graph) -> Tensor? {
    guard node.op.isLinear, node.inputs.count > 1 else { return nil }
    return graph.initializer(node.inputs[1])
  }

  private static func name(of node: Node, _ input: Int, in graph: Graph) -> String? {
    node.inputs[input].map { graph[$0].name }
  }

  /// Nodes of like operators in the order of running.
  private static func counterparts(_ own: Graph, _ other: Graph) -> [(own: Node, other: Node)] {
    var rest = other.nodes
    return own.nodes.compactMap { node in
      guard let index = rest.firstIndex(where: { $0.op.family == node.op.family }) else { return nil }
      return (node, rest.remove(at: index))
    }
  }
}
