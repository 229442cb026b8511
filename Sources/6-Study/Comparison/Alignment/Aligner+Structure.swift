import ModelIR

extension Aligner {
  /// Pairs nodes of like operators whose inputs are all counterparts: this carries the alignment past the place where
  /// values part.
  ///
  /// - Parameter needsLikeOrder: whether of permutations only the same ones are paired. What reads a value may have
  ///   exchanged its part with another: queries and keys are turned in different ways.
  mutating func alignByStructure(needsLikeOrder: Bool = false) {
    for index in right.graph.nodes.indices where isFree(right: index) {
      let inputs = right.activations(index)
      let partners = inputs.compactMap { leftOf[$0].map(left.resolved) }
      guard !inputs.isEmpty, partners.count == inputs.count, let first = partners.first else { continue }
      let readers = readers(of: first).filter { other in
        isFree(left: other) && left.graph.nodes[other].op.family == right.graph.nodes[index].op.family
          && hasInputs(other, partners)
          && (!needsLikeOrder || haveLikeOrder(left.graph.nodes[other].op, right.graph.nodes[index].op))
      }
      guard let best = best(readers, for: index) else { continue }
      add(best, index, .structure)
    }
  }

  private func haveLikeOrder(_ a: Operator, _ b: Operator) -> Bool {
    guard case .transpose(let own) = a, case .transpose(let other) = b else { return true }
    return own.permutation == other.permutation
  }

  /// Nodes of the left that read a value, also behind what `GraphView.resolved` looks through, in order.
  private func readers(of id: ValueID) -> [Int] {
    var result: [Int] = []
    for reader in left.consumers[id.index] {
      switch left.graph.nodes[reader].op {
      case .identity, .cast, .pad: result += [reader] + readers(of: left.output(reader))
      default: result.append(reader)
      }
    }
    return result.sorted()
  }

  private func hasInputs(_ index: Int, _ expected: [ValueID]) -> Bool {
    let found = left.activations(index)
    if found == expected { return true }
    switch left.graph.nodes[index].op {
    case .binary(.add), .binary(.mul): return found.sorted() == expected.sorted()
    default: return false
    }
  }

  /// Of several nodes on the same inputs the one that is most alike: attributes, shapes, weights, then the order.
  private func best(_ indices: [Int], for index: Int) -> Int? {
    guard indices.count > 1 else { return indices.first }
    return indices.min { likeness($0, index) < likeness($1, index) }
  }

  /// Less is more alike.
  private func likeness(_ a: Int, _ b: Int) -> (Int, Int, Int, Int, Int) {
    let (own, other) = (left.graph.nodes[a], right.graph.nodes[b])
    let hasSharedName = !Set(NodeKey.keys(own, in: left.graph)).isDisjoint(
      with: NodeKey.keys(other, in: right.graph))
    let shapes = (
      left.parameters(a).map { left.shape($0).sorted() }, right.parameters(b).map { right.shape($0).sorted() }
    )
    return (
      hasSharedName ? 0 : 1, nearest(a, b) == nil ? 1 : 0, shapes.0.first == shapes.1.first ? 0 : 1,
      own.op == other.op ? 0 : 1, a
    )
  }

  /// Pairs the inputs of like nodes that are counterparts, from the outputs on.
  mutating func alignBackward() {
    var waiting = pairs.sorted { $0.rightNode < $1.rightNode }
    while let pair = waiting.popLast() {
      let (a, b) = (pair.leftShown, pair.rightShown)
      guard left.graph.nodes[a].op.family == right.graph.nodes[b].op.family else { continue }
      let (own, others) = (left.activations(a), right.activations(b))
      guard own.count == others.count else { continue }
      for (x, y) in zip(own, others) where rightOf[x] == nil && leftOf[y] == nil {
        guard let p = left.producers[x.index], let q = right.producers[y.index],
          left.graph.nodes[p].op.family == right.graph.nodes[q].op.family, nearest(p, q) != nil
        else { continue }
        add(p, q, .structure)
        if let added = pairs.last, added.leftNode == p { waiting.append(added) }
      }
    }
  }

  /// Pairs what makes the graphs' outputs.
  mutating func alignOutputs(_ outputs: [(left: ValueID, right: ValueID)], isLike: Bool) {
    for pair in outputs {
      guard leftOf[pair.right] == nil, rightOf[pair.left] == nil, let a = left.producers[pair.left.index],
        let b = right.producers[pair.right.index],
        !isLike || left.graph.nodes[a].op.family == right.graph.nodes[b].op.family
      else { continue }
      add(a, b, .structure)
    }
  }

  /// Pairs nodes that have nearly the same weights, in the order of running where several have.
  mutating func alignByWeights() {
    var signs = SignTable()
    func prints(_ view: GraphView, _ isFree: (Int) -> Bool) -> [(node: Int, print: Fingerprint)] {
      view.graph.nodes.indices.compactMap { index in
        guard isFree(index), let id = view.parameters(index).first, let tensor = view.graph[id].initializer,
          tensor.elementCount > 4, tensor.dataType.isFloatingPoint,
          // A part of a large weight tells it from others.
          let elements = try? tensor.floats(from: 0, count: min(tensor.elementCount, 1 << 16)),
          // One number throughout, as normalisations begin with, is anybody's.
          elements.contains(where: { $0 != elements[0] })
        else { return nil }
        return (index, Fingerprint(elements, shape: [elements.count], signs: &signs))
      }
    }
    let own = prints(left) { isFree(left: $0) }
    let others = prints(right) { isFree(right: $0) }
    var place = -1
    for other in others where isFree(right: other.node) {
      let like = own.compactMap { candidate -> (node: Int, distance: Double)? in
        guard isFree(left: candidate.node), candidate.print.shape == other.print.shape,
          left.graph.nodes[candidate.node].op.family == right.graph.nodes[other.node].op.family,
          let distance = candidate.print.distance(to: other.print, .same),
          distance <= Tolerance.likeWeights.absolute
        else { return nil }
        return (candidate.node, distance)
      }
      func rank(_ found: (node: Int, distance: Double)) -> (Int, Int, Int) {
        // Equal but for the last digits is equal.
        (found.distance > 1e-5 ? 1 : 0, found.node > place ? 0 : 1, abs(found.node - place))
      }
      guard let best = like.min(by: { rank($0) < rank($1) }) else { continue }
      add(best.node, other.node, .content)
      place = best.node
    }
  }

  /// Pairs nodes of different kinds that stand in the same place: like nodes read them, and they read the same.
  mutating func alignExchanged() {
    for pair in pairs {
      let (a, b) = (pair.leftShown, pair.rightShown)
      guard left.graph.nodes[a].op.family == right.graph.nodes[b].op.family else { continue }
      let (own, others) = (left.activations(a), right.activations(b))
      guard own.count == others.count else { continue }
      for (x, y) in zip(own, others) where rightOf[x] == nil && leftOf[y] == nil {
        guard let p = left.producers[x.index], let q = right.producers[y.index],
          !turnsLayout(p, q)
        else { continue }
        let read = left.activations(p)
        let partners = right.activations(q).compactMap { leftOf[$0].map(left.resolved) }
        let readsSame =
          !read.isEmpty && partners.count == right.activations(q).count && Set(read) == Set(partners)
        guard readsSame || standForSame(x, y) else { continue }
        add(p, q, .structure)
      }
    }
  }

  /// Whether one of two nodes only turns what the other reads in another order.
  private func turnsLayout(_ p: Int, _ q: Int) -> Bool {
    left.turnsLayout(left.graph.nodes[p], rightOf, in: right)
      != right.turnsLayout(right.graph.nodes[q], leftOf, in: left)
  }

  /// Whether two values that several nodes read are made of the same ones, however many nodes make them: one node on one
  /// side may be many on the other.
  private func standForSame(_ x: ValueID, _ y: ValueID) -> Bool {
    guard left.consumers[x.index].count > 1, right.consumers[y.index].count > 1,
      !AxisOrder.relations(left.shape(x), right.shape(y)).isEmpty
    else { return false }
    let own = Site.beginnings(left, of: x) { rightOf[$0] != nil }
    let others = Site.beginnings(right, of: y) { leftOf[$0] != nil }
    return !own.isEmpty && own == Set(others.compactMap { leftOf[$0] }) && own.count == others.count
  }
}
