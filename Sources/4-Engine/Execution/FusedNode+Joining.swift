internal import Kernels
internal import ModelIR

/// What exporters write in parts.
extension Fusion {
  /// Groups for Gelus in parts, `x * 1/2 * (1 + erf(x / sqrt(2)))` in either order, whose nodes are taken.
  mutating func joinedGelus() -> [FusedNode] {
    let places = graph.nodes.indices.filter { graph.nodes[$0].op == .unary(.erf) }
    if places.isEmpty { return [] }
    let producers = graph.producers()
    return places.compactMap { gelu(around: $0, producers) }
  }

  /// Groups for Swish in parts, `x * sigmoid(x)`, whose nodes are taken: each is computed in the place of what it reads, while
  /// the parts need a value beside it.
  mutating func joinedSwishes() -> [FusedNode] {
    graph.nodes.indices.compactMap { index in
      let sigmoid = graph.nodes[index]
      guard sigmoid.op == .unary(.sigmoid), graph.hasFastKernel(sigmoid), let x = sigmoid.inputs[0],
        let product = onlyReader(of: sigmoid.outputs[0]), case .binary(.mul) = graph.nodes[product].op,
        Set(graph.nodes[product].inputs) == [x, sigmoid.outputs[0]], !isTaken[index], !isTaken[product],
        !graph.isTyped(x)
      else { return nil }
      (isTaken[index], isTaken[product]) = (true, true)
      let last = graph.nodes[product]
      let node = Node(name: last.name, op: .unary(.swish(alpha: 1)), inputs: [x], outputs: last.outputs)
      return FusedNode(node: node, output: last.outputs[0], position: product)
    }
  }

  private mutating func gelu(around erf: Int, _ producers: [Int?]) -> FusedNode? {
    guard let scaled = graph.nodes[erf].inputs[0], graph.hasFastKernel(graph.nodes[erf]),
      onlyReader(of: scaled) == erf, let scaling = producers[scaled.index],
      let x = factor(of: scaling, 0.5.squareRoot()),
      let sum = onlyReader(of: graph.nodes[erf].outputs[0]), isAdditionOfOne(sum),
      let product = onlyReader(of: graph.nodes[sum].outputs[0]),
      case .binary(.mul) = graph.nodes[product].op
    else { return nil }
    let other = graph.nodes[product].inputs.compactMap { $0 }.first { $0 != graph.nodes[sum].outputs[0] }
    guard let other else { return nil }
    var parts = [scaling, erf, sum, product]
    if other == x {
      guard let half = onlyReader(of: graph.nodes[product].outputs[0]), factor(of: half, 0.5) != nil else {
        return nil
      }
      parts.append(half)
    } else {
      guard let half = producers[other.index], factor(of: half, 0.5) == x, onlyReader(of: other) == product
      else { return nil }
      parts.insert(half, at: 0)
    }
    let last = graph.nodes[parts.last!]
    guard graph[x].type == graph[last.outputs[0]].type, !graph.isTyped(x),
      !parts.contains(where: { isTaken[$0] })
    else { return nil }
    for part in parts { isTaken[part] = true }
    let node = Node(
      name: last.name, op: .unary(.gelu(isTanh: false)), inputs: [x], outputs: last.outputs)
    return FusedNode(node: node, output: last.outputs[0], position: parts.max()!)
  }

  /// What a node multiplies by `expected`, or divides by its inverse, to what float32 rounds: another number is another function.
  private func factor(of index: Int, _ expected: Double) -> ValueID? {
    let node = graph.nodes[index]
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else { return nil }
    func isClose(_ id: ValueID, _ expected: Double) -> Bool {
      number(id).map { abs($0 - expected) <= 1e-6 * expected } ?? false
    }
    switch node.op {
    case .binary(.mul):
      if isClose(right, expected) { return left }
      return isClose(left, expected) ? right : nil
    case .binary(.div): return isClose(right, 1 / expected) ? left : nil
    default: return nil
    }
  }

  private func isAdditionOfOne(_ index: Int) -> Bool {
    guard case .binary(.add) = graph.nodes[index].op else { return false }
    return graph.nodes[index].inputs.contains { $0.flatMap(number) == 1 }
  }

  /// The number that a constant of one element holds.
  private func number(_ id: ValueID) -> Double? {
    guard let tensor = graph[id].initializer, tensor.elementCount == 1 else { return nil }
    return (try? TypedTensor(tensor))?.asReals.first
  }

  /// A constant that is added to each row of a product with a constant matrix.
  mutating func absorbBias(into group: inout FusedNode) {
    guard options.fusesActivations, let index = onlyConsumer(of: group),
      case .binary(.add) = graph.nodes[index].op, let b = group.node.inputs[1],
      graph[b].initializer != nil, graph[b].type.rank == 2,
      graph[graph.nodes[index].outputs[0]].type == graph[group.output].type
    else { return }
    let operands = graph.nodes[index].inputs.compactMap { $0 }
    guard operands.count == 2, let other = operands.first(where: { $0 != group.output }),
      let bias = graph[other].initializer, let columns = graph[b].type.dimensions[1].value,
      bias.elementCount == columns, bias.shape.dimensions.last == columns
    else { return }
    group.bias = other
    absorb(index, into: &group)
  }
}
