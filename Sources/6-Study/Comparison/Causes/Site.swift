import ModelIR

/// A place where two aligned graphs part, seen from one of them: the part of it that may have to be changed, and what the
/// other has in its place.
struct Site {
  enum Place {
    /// Nodes whose outputs are counterparts.
    case nodes(own: Int, other: Int)
    /// Outputs of the graphs.
    case outputs(own: ValueID, other: ValueID)

    /// The same place seen from the other graph.
    var reversed: Place {
      switch self {
      case .nodes(let own, let other): .nodes(own: other, other: own)
      case .outputs(let own, let other): .outputs(own: other, other: own)
      }
    }
  }

  let own: GraphView
  let other: GraphView
  /// The own counterpart of each of the other's values, graph inputs included.
  let ownOf: [ValueID: ValueID]
  let otherOf: [ValueID: ValueID]
  let place: Place

  /// What a hypothesis has to give.
  var ownTarget: ValueID {
    switch place {
    case .nodes(let index, _): own.output(index)
    case .outputs(let id, _): id
    }
  }

  var otherTarget: ValueID {
    switch place {
    case .nodes(_, let index): other.output(index)
    case .outputs(_, let id): id
    }
  }

  var ownNode: Node? {
    if case .nodes(let index, _) = place { own.graph.nodes[index] } else { nil }
  }

  var otherNode: Node? {
    if case .nodes(_, let index) = place { other.graph.nodes[index] } else { nil }
  }

  init(_ aligned: AlignedGraphs, _ place: Place, isReversed: Bool = false) {
    let rightOf = Dictionary(aligned.leftOf.map { ($0.value, $0.key) }, uniquingKeysWith: min)
    own = isReversed ? aligned.right : aligned.left
    other = isReversed ? aligned.left : aligned.right
    ownOf = isReversed ? rightOf : aligned.leftOf
    otherOf = isReversed ? aligned.leftOf : rightOf
    self.place = place
  }

  /// The nodes upstream of a value that have no counterparts, in the order of running, up to values that have.
  static func region(_ view: GraphView, of id: ValueID, isKnown: (ValueID) -> Bool) -> [Int] {
    var found = Set<Int>()
    var waiting = [id]
    while let id = waiting.popLast() {
      guard !isKnown(id), view.graph[id].initializer == nil, let producer = view.producers[id.index],
        found.insert(producer).inserted
      else { continue }
      waiting += view.graph.nodes[producer].inputs.compactMap { $0 }
    }
    return found.sorted()
  }

  /// The values that such nodes read and that have counterparts.
  static func beginnings(_ view: GraphView, of id: ValueID, isKnown: (ValueID) -> Bool) -> Set<ValueID> {
    let read = region(view, of: id, isKnown: isKnown).flatMap { view.graph.nodes[$0].inputs }
    return Set(read.compactMap { $0 }.filter(isKnown))
  }

  func ownRegion(of id: ValueID) -> [Int] { Self.region(own, of: id) { otherOf[$0] != nil } }
  func otherRegion(of id: ValueID) -> [Int] { Self.region(other, of: id) { ownOf[$0] != nil } }

  /// Whether nothing follows that does more than move elements.
  var isAtTheEnd: Bool {
    guard let ownNode, let otherNode else { return true }
    return own.graph.outputs.contains(ownTarget)
      && (ownNode.op.isRearrangement || otherNode.op.isRearrangement)
  }

  /// Whether a node is a Transpose because both sides have what it reads, or the place that it stands at or before, in
  /// another order of the axes.
  func turnsLayout(_ node: Node, isOwn: Bool) -> Bool {
    if case .transpose = node.op, own.shape(ownTarget) != other.shape(otherTarget) { return true }
    return isOwn ? own.turnsLayout(node, otherOf, in: other) : other.turnsLayout(node, ownOf, in: own)
  }

  /// The own value that is a value's counterpart turned to its order of the axes, if there is one; otherwise the counterpart.
  private func inTheOrder(of id: ValueID, _ partner: ValueID) -> ValueID {
    guard own.shape(partner) != other.shape(id) else { return partner }
    let turned = own.consumers[partner.index].map { own.graph.nodes[$0] }.first { node in
      own.turnsLayout(node, otherOf, in: other) && own.shape(node.outputs[0]) == other.shape(id)
    }
    return turned?.outputs[0] ?? partner
  }

  /// What the other side's value is made of, for this side: its counterpart, or the nodes that make it of counterparts.
  /// nil if that cannot be told.
  ///
  /// - Parameter isAnew: whether the value itself is made even if it has a counterpart.
  func transplant(_ id: ValueID, isAnew: Bool = false) -> Transplant? {
    var result = Transplant()
    var made: [Int: Int] = [:]
    func source(_ id: ValueID, _ depth: Int) -> Transplant.Source? {
      if let partner = ownOf[id], depth > 0 || !isAnew {
        return .value(own.graph[inTheOrder(of: id, partner)].name)
      }
      if let tensor = other.graph[id].initializer { return .constant(name: other.graph[id].name, tensor) }
      guard depth < 200, let producer = other.producers[id.index] else { return nil }
      let node = other.graph.nodes[producer]
      // What only turns a value that this side has in the wanted order already.
      if other.turnsLayout(node, ownOf, in: own), let input = node.inputs[0], let partner = ownOf[input],
        own.shape(partner) == other.shape(id)
      {
        return .value(own.graph[partner].name)
      }
      guard let output = node.outputs.firstIndex(of: id), depth > 0 || !isAnew || node.outputs.count == 1
      else { return nil }
      if let index = made[producer] { return .node(index, output: output) }
      var inputs: [Transplant.Source] = []
      for input in node.inputs {
        guard let input else {
          inputs.append(.none)
          continue
        }
        guard let found = source(input, depth + 1) else { return nil }
        inputs.append(found)
      }
      result.pieces.append(Transplant.Piece(name: node.name, op: node.op, inputs: inputs))
      made[producer] = result.pieces.count - 1
      return .node(result.pieces.count - 1, output: output)
    }
    guard let found = source(id, 0) else { return nil }
    result.result = found
    return result
  }
}

/// One family of causes: what may be different at a place, the likeliest first. Whether it is so, an experiment shows.
protocol CauseFamily: Sendable {
  static func hypotheses(_ site: Site) -> [Hypothesis]
}
