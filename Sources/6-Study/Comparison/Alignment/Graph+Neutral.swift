import FileIO
import ModelIR

// Ways to write the same that are no difference: nodes that change nothing, and factors and terms of channels that stand
// behind a convolution instead of in it.
extension Graph {
  /// Without nodes that give what they read: reshapes to the same shape, concatenations of one value, factors of 1, terms
  /// of 0, a Clip between infinities, and permutations that undo each other or only move extents of 1.
  func withoutNeutralNodes() throws(ScaleNetError) -> Graph {
    var graph = self
    let producers = producers()
    var replacement: [ValueID: ValueID] = [:]
    var kept: [Node] = []
    for var node in graph.nodes {
      node.inputs = node.inputs.map { $0.map { replacement[$0] ?? $0 } }
      let same = graph.outputs.contains(node.outputs[0]) ? nil : graph.neutralInput(node, producers)
      if let same { replacement[node.outputs[0]] = same } else { kept.append(node) }
    }
    if replacement.isEmpty { return self }
    graph.nodes = kept
    // What only a permutation read that is left out now.
    try graph.apply([EliminateDeadNodes()])
    graph.removeUnusedValues()
    return graph
  }

  /// The input that a node gives as it is; nil if it changes something.
  private func neutralInput(_ node: Node, _ producers: [Int?]) -> ValueID? {
    guard let input = node.inputs[0], initializer(input) == nil, node.outputs.count == 1 else { return nil }
    let isSameType = self[input].type == self[node.outputs[0]].type
    switch node.op {
    case .reshape, .flatten:
      return isSameType ? input : nil
    case .concat:
      return node.inputs.count == 1 ? input : nil
    case .binary(let binary):
      guard isSameType, node.inputs.count == 2, let constant = initializer(node.inputs[1]),
        let elements = try? constant.doubles()
      else { return nil }
      switch binary {
      case .mul, .div: return elements.allSatisfy { $0 == 1 } ? input : nil
      case .add, .sub: return elements.allSatisfy { $0 == 0 } ? input : nil
      default: return nil
      }
    case .transpose(let transpose):
      let order = transpose.permutation
      if order == Array(order.indices) { return input }
      if isSameType, let shape = self[input].type.shape {
        let moved = order.filter { shape[$0] != 1 }
        if moved == moved.sorted() { return input }
      }
      guard let before = producers[input.index], case .transpose(let first) = nodes[before].op,
        order.map({ first.permutation[$0] }) == Array(order.indices), let source = nodes[before].inputs[0]
      else { return nil }
      return source
    case .unary(.clip(let minimum, let maximum)):
      return minimum == -.infinity && maximum == .infinity ? input : nil
    default:
      return nil
    }
  }

  /// How many factors and terms of channels stand behind convolutions.
  var channelArithmeticCount: Int {
    let consumers = consumers()
    var isAffine = [Bool](repeating: false, count: nodes.count)
    for index in nodes.indices {
      guard let before = isAffine[index] ? index : convolution(index),
        let next = soleReader(before, consumers)
      else { continue }
      isAffine[next] = channelArithmetic(next, nodes[before].outputs[0]) != nil
    }
    return isAffine.count { $0 }
  }

  /// With factors and terms of channels in the convolutions that they stand behind; in Double, rounded once.
  func foldingChannelArithmetic() throws(ScaleNetError) -> Graph {
    var graph = self
    let consumers = consumers()
    var removed = Set<Int>()
    for index in nodes.indices where convolution(index) != nil {
      guard let id = nodes[index].inputs[1], let weight = initializer(id),
        let outputs = weight.shape.dimensions.first
      else { continue }
      var factors = [Double](repeating: 1, count: outputs)
      var terms = [Double](repeating: 0, count: outputs)
      if nodes[index].inputs.count > 2, let id = nodes[index].inputs[2] {
        guard let bias = try initializer(id)?.doubles(), bias.count == outputs else { continue }
        terms = bias
      }
      var last = index
      while let next = soleReader(last, consumers),
        let change = channelArithmetic(next, nodes[last].outputs[0]), outputs % change.elements.count == 0
      {
        for channel in 0..<outputs {
          let value = change.elements[change.elements.count == 1 ? 0 : channel]
          switch change.op {
          case .mul: (factors[channel], terms[channel]) = (factors[channel] * value, terms[channel] * value)
          case .div: (factors[channel], terms[channel]) = (factors[channel] / value, terms[channel] / value)
          case .sub: terms[channel] -= value
          default: terms[channel] += value
          }
        }
        removed.insert(next)
        last = next
      }
      guard last != index else { continue }
      let name = graph[id].name
      graph.nodes[index].inputs = [
        nodes[index].inputs[0],
        try graph.addInitializer(
          graph.unusedName("\(name)_folded"), weight.scaled(byChannel: factors.map { Float($0) })),
        try graph.addInitializer(
          graph.unusedName("\(name)_term"), Tensor(terms.map { Float($0) }, shape: [outputs])),
      ]
      graph.nodes[index].outputs = nodes[last].outputs
    }
    if removed.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }

  /// The place of a convolution with a weight that is known and has its outputs first; nil of other nodes.
  private func convolution(_ index: Int) -> Int? {
    guard case .conv = nodes[index].op, let weight = initializer(nodes[index].inputs[1]),
      weight.channelScale == nil || weight.channelScale?.axis == 0
    else { return nil }
    return index
  }

  private func soleReader(_ index: Int, _ consumers: [[Int]]) -> Int? {
    let output = nodes[index].outputs[0]
    guard consumers[output.index].count == 1, !outputs.contains(output) else { return nil }
    return consumers[output.index][0]
  }

  /// A sum, difference, product or quotient of a value and known numbers, one for each channel or one for all.
  private func channelArithmetic(_ index: Int, _ value: ValueID) -> (op: Binary, elements: [Double])? {
    guard case .binary(let op) = nodes[index].op, nodes[index].inputs.count == 2 else { return nil }
    let (first, second) = (nodes[index].inputs[0], nodes[index].inputs[1])
    switch op {
    case .add, .mul: break
    case .sub, .div: if first != value { return nil }
    default: return nil
    }
    guard let constant = initializer(first == value ? second : first),
      self[value].type == self[nodes[index].outputs[0]].type,
      let rank = self[value].type.shape?.rank, rank > 1, let channels = self[value].type.shape?[1]
    else { return nil }
    let shape = constant.shape.dimensions
    let count = shape.reduce(1, *)
    let axis = rank - shape.count
    // All extents but that of the channels are 1.
    guard count == 1 || (count == channels && axis <= 1 && shape[1 - axis] == channels) else { return nil }
    return (try? constant.doubles()).map { (op, $0) }
  }
}
