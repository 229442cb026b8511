import ModelIR

/// Finds for the values of one graph their counterparts in another: by name, by content, by structure.
struct Aligner {
  let left: GraphView
  let right: GraphView
  let leftPrints: [Int: Fingerprint]
  let rightPrints: [Int: Fingerprint]
  /// The largest estimated distance, as a part of the norm, of values that count as near-equal.
  let closeness: Double
  /// Whether normalisations may be folded on one side alone; otherwise one that is not there is missing.
  let mayBeFolded: Bool

  /// Counterparts among values, graph inputs included.
  var leftOf: [ValueID: ValueID] = [:]
  var rightOf: [ValueID: ValueID] = [:]
  var pairs: [ValuePair] = []
  /// Why a node of the left or right has no counterpart.
  var leftReasons: [Int: String] = [:]
  var rightReasons: [Int: String] = [:]

  /// What tells the weights of nodes apart; most pairs of graphs need none.
  lazy var heads = (left: WeightHeads(left), right: WeightHeads(right))
  /// Whether nodes of one name were seen whose weights belong to others.
  var namesAreShifted = false

  /// - Parameters:
  ///   - leftPrints: what is known of each node's output, by the node's place.
  ///   - inputs: counterparts among graph inputs.
  init(
    left: GraphView, right: GraphView, leftPrints: [Int: Fingerprint], rightPrints: [Int: Fingerprint],
    inputs: [(left: ValueID, right: ValueID)], closeness: Double,
    mayBeFolded: Bool
  ) {
    self.left = left
    self.right = right
    self.leftPrints = leftPrints
    self.rightPrints = rightPrints
    self.closeness = closeness
    self.mayBeFolded = mayBeFolded
    for pair in inputs {
      leftOf[pair.right] = pair.left
      rightOf[pair.left] = pair.right
    }
  }

  /// Aligns; outputs are known to be counterparts.
  ///
  /// What is surest comes first: names that contents or parameters bear out, contents, weights. From there both graphs
  /// are followed down and up. Names alone come late, as tools number nodes and a node that one side lacks shifts the
  /// numbers; nodes of other kinds in the same place come last.
  mutating func run(outputs: [(left: ValueID, right: ValueID)]) {
    let candidates = contentCandidates()
    alignByName(candidates, needsSupport: true)
    alignByContent(candidates)
    alignByWeights()
    alignByStructure(needsLikeOrder: true)
    alignOutputs(outputs, isLike: true)
    alignBackward()
    alignByStructure(needsLikeOrder: true)
    alignByName(candidates, needsSupport: false)
    alignBackward()
    alignByStructure(needsLikeOrder: true)
    alignExchanged()
    alignOutputs(outputs, isLike: false)
    alignBackward()
    alignByStructure()
    dropReshapes(but: Set(outputs.map(\.right)))
    pairs.sort { ($0.leftNode, $0.rightNode) < ($1.leftNode, $1.rightNode) }
  }

  /// Reshapes to other extents are no counterparts, even if some order of the axes would make them the same: in all that
  /// they say they differ, and what reads them is held against the whole of what stands before it.
  private mutating func dropReshapes(but outputs: Set<ValueID>) {
    let dropped = pairs.filter { !outputs.contains(right.output($0.rightNode)) && areOtherReshapes($0) }
    for pair in dropped {
      leftOf[right.output(pair.rightNode)] = nil
      rightOf[left.output(pair.leftNode)] = nil
    }
    pairs.removeAll { pair in dropped.contains { $0.leftNode == pair.leftNode } }
  }

  private func areOtherReshapes(_ pair: ValuePair) -> Bool {
    guard left.graph.nodes[pair.leftNode].op.family == "Reshape",
      right.graph.nodes[pair.rightNode].op.family == "Reshape"
    else { return false }
    let shapes = (
      left.shape(left.output(pair.leftNode)), right.shape(right.output(pair.rightNode))
    )
    switch pair.order {
    case .same: return false
    // An axis of 1 in another place is another one to what counts axes.
    case .squeezed: return shapes.0.count == shapes.1.count && shapes.0 != shapes.1
    case .permuted:
      guard let distance = nearest(pair.leftNode, pair.rightNode)?.distance else { return true }
      return distance > closeness
    case nil: return true
    }
  }

  func isFree(left index: Int) -> Bool { rightOf[left.output(index)] == nil }
  func isFree(right index: Int) -> Bool { leftOf[right.output(index)] == nil }

  /// The relation of two nodes' outputs under which they are nearest; nil if the shapes are not related.
  func nearest(_ a: Int, _ b: Int) -> (order: AxisOrder, distance: Double?)? {
    let orders = AxisOrder.relations(left.shape(left.output(a)), right.shape(right.output(b)))
    guard let first = orders.first else { return nil }
    guard let own = leftPrints[a], let other = rightPrints[b] else { return (first, nil) }
    let measured = orders.compactMap { order in own.distance(to: other, order).map { (order, $0) } }
    guard let best = measured.min(by: { $0.1 < $1.1 }) else { return (first, nil) }
    return best.1 <= closeness ? (best.0, best.1) : (first, best.1)
  }

  /// Whether one of two convolutions, or of what resizes them, has the normalisation that follows the other in its
  /// weights.
  func isFoldedOnOneSide(_ a: Int, _ b: Int) -> Bool {
    mayBeFolded && left.isFoldable[a] && right.isFoldable[b]
      && left.graph.nodes[a].op.family == right.graph.nodes[b].op.family
      && (left.normalization[a] == nil) != (right.normalization[b] == nil)
  }

  /// Makes the outputs of two nodes counterparts. Where the normalisation after one of them is folded into the other,
  /// it is what stands behind the normalisation that is compared.
  mutating func add(_ a: Int, _ b: Int, _ alignment: DiffReport.Alignment) {
    guard isFoldedOnOneSide(a, b) else { return addPair(a, b, shown: (a, b), alignment) }
    if let end = left.normalization[a] {
      let isDirect = left.graph.nodes[end].inputs[0] == left.output(a)
      var target = b
      var shown = (a, b)
      if !isDirect {
        // The other side resizes too, behind what it folded.
        guard let resize = right.consumers[right.output(b).index].first,
          case .resize = right.graph.nodes[resize].op
        else { return }
        target = resize
        if let own = left.consumers[left.output(a).index].first { shown = (own, resize) }
      }
      guard isFree(left: end), isFree(right: target) else { return }
      addPair(end, target, shown: shown, alignment)
    } else if let end = right.normalization[b] {
      let isDirect = right.graph.nodes[end].inputs[0] == right.output(b)
      var target = a
      var shown = (a, b)
      if !isDirect {
        guard let resize = left.consumers[left.output(a).index].first,
          case .resize = left.graph.nodes[resize].op
        else { return }
        target = resize
        if let own = right.consumers[right.output(b).index].first { shown = (resize, own) }
      }
      guard isFree(left: target), isFree(right: end) else { return }
      addPair(target, end, shown: shown, alignment)
    }
  }

  private mutating func addPair(
    _ a: Int, _ b: Int, shown: (Int, Int), _ alignment: DiffReport.Alignment
  ) {
    var shown = shown
    // A normalisation that lines up with a convolution is shown as the convolution before it.
    if shown == (a, b) { shown = (head(left, a, other: right, b), head(right, b, other: left, a)) }
    leftOf[right.output(b)] = left.output(a)
    rightOf[left.output(a)] = right.output(b)
    pairs.append(
      ValuePair(
        leftNode: a, rightNode: b, leftShown: shown.0, rightShown: shown.1, order: nearest(a, b)?.order,
        alignment: alignment))
    var (own, others) = (leftReasons, rightReasons)
    noteScaled(left, a, shown.0, right, shown.1, &own, &others)
    noteScaled(right, b, shown.1, left, shown.0, &others, &own)
    (leftReasons, rightReasons) = (own, others)
    if shown.0 != a {
      leftReasons[a] = "folded into \(right.graph.nodes[shown.1].name) on the other side"
    }
    if shown.1 != b {
      rightReasons[b] = "folded into \(left.graph.nodes[shown.0].name) on the other side"
    }
  }

  /// Says of the convolutions before a pair of resizes why they have no counterparts: one has the normalisation behind
  /// the other's resize in its weights.
  private func noteScaled(
    _ view: GraphView, _ normalization: Int, _ resize: Int, _ other: GraphView, _ otherResize: Int,
    _ reasons: inout [Int: String], _ otherReasons: inout [Int: String]
  ) {
    guard normalization != resize, case .resize = view.graph.nodes[resize].op,
      case .resize = other.graph.nodes[otherResize].op, let own = view.graph.nodes[resize].inputs[0],
      let others = other.graph.nodes[otherResize].inputs[0], let a = view.producers[own.index],
      let b = other.producers[others.index]
    else { return }
    let name = view.graph.nodes[normalization].name
    reasons[a] = "its counterpart \(other.graph.nodes[b].name) has \(name) folded in, and gives scaled values"
    otherReasons[b] = "it has \(name) folded in, its counterpart \(view.graph.nodes[a].name) has not"
  }

  /// The convolution or resize before a normalisation whose counterpart is no normalisation.
  private func head(_ view: GraphView, _ index: Int, other: GraphView, _ otherIndex: Int) -> Int {
    guard case .batchNormalization = view.graph.nodes[index].op else { return index }
    if case .batchNormalization = other.graph.nodes[otherIndex].op { return index }
    guard let input = view.graph.nodes[index].inputs[0], let before = view.producers[input.index],
      view.graph.nodes[before].op.family == other.graph.nodes[otherIndex].op.family
    else { return index }
    return before
  }
}
