import FileIO
import ModelIR

/// Where inputs come from: nodes that one side lacks, has in addition or has others for, and other values read.
enum WiringCauses: CauseFamily {
  /// The most nodes that are exchanged for as many others.
  static let mostExchanged = 12

  static func hypotheses(_ site: Site) -> [Hypothesis] {
    let changes = changes(site)
    let single = changes.compactMap { hypothesis(site, [$0]) }
    guard changes.count > 1, let all = hypothesis(site, changes) else { return single }
    return single + [all]
  }

  /// An input that comes from elsewhere on the other side.
  struct Change {
    var readers: [GraphEdit.Reader]
    var own: ValueID
    var other: ValueID
    var transplant: Transplant
  }

  static func changes(_ site: Site) -> [Change] {
    switch site.place {
    case .outputs(let own, let other):
      guard site.ownOf[other] != own, let transplant = site.transplant(other) else { return [] }
      return [
        Change(readers: [.output(site.own.graph[own].name)], own: own, other: other, transplant: transplant)
      ]
    case .nodes(let a, let b):
      let (own, other) = (site.own.graph.nodes[a], site.other.graph.nodes[b])
      guard own.inputs.count <= other.inputs.count || own.op.family == other.op.family else { return [] }
      return inputs(site, own, other).compactMap { position, x, y in
        guard let transplant = site.transplant(y) else { return nil }
        return Change(
          readers: readers(site, of: x, as: y, first: (a, position)), own: x, other: y,
          transplant: transplant)
      }
    }
  }

  /// Places of inputs whose values are no counterparts; constants are others' business.
  private static func inputs(
    _ site: Site, _ own: Node, _ other: Node
  ) -> [(position: Int, own: ValueID, other: ValueID)] {
    func differing(_ others: [ValueID?]) -> [(Int, ValueID, ValueID)] {
      zip(own.inputs, others).enumerated().compactMap { position, pair in
        guard let x = pair.0, let y = pair.1, site.ownOf[y] != x else { return nil }
        let areConstant = (
          site.own.graph[x].initializer != nil, site.other.graph[y].initializer != nil
        )
        return areConstant.0 && areConstant.1 ? nil : (position, x, y)
      }
    }
    let plain = differing(other.inputs)
    guard own.op.isCommutative, other.inputs.count == 2 else { return plain }
    let swapped = differing(other.inputs.reversed())
    return swapped.count < plain.count ? swapped : plain
  }

  /// The same change is made for all readers of the value whose counterparts read the other one in its place too.
  private static func readers(
    _ site: Site, of x: ValueID, as y: ValueID, first: (node: Int, input: Int)
  ) -> [GraphEdit.Reader] {
    var result = [GraphEdit.Reader.node(site.own.graph.nodes[first.node].name, input: first.input)]
    for reader in site.own.consumers[x.index] where reader != first.node {
      guard let partner = site.otherOf[site.own.output(reader)],
        let counterpart = site.other.producers[partner.index]
      else { continue }
      let node = site.own.graph.nodes[reader]
      let inputs = site.other.graph.nodes[counterpart].inputs
      for (input, id) in node.inputs.enumerated() where id == x {
        let readsOther =
          node.op.isCommutative
          ? inputs.contains(y) && !inputs.contains { $0 != nil && $0 == site.otherOf[x] }
          : input < inputs.count && inputs[input] == y
        if readsOther { result.append(.node(node.name, input: input)) }
      }
    }
    return result
  }

  private static func hypothesis(_ site: Site, _ changes: [Change]) -> Hypothesis? {
    guard let first = changes.first else { return nil }
    let edits = changes.map { GraphEdit.rewire($0.readers, $0.transplant) }
    let reader = site.ownNode
    if changes.count > 1, case .concat? = reader?.op {
      let parts = changes.compactMap { site.ownOf[$0.other] }
      if Set(parts) == Set(changes.map(\.own)) {
        return Hypothesis(
          kind: .wiring, node: reader?.name, otherNode: site.otherNode?.name, has: "its parts in one order",
          otherHas: "them in another", edits: edits)
      }
    }
    if changes.count > 1, let product = product(site, changes, edits) { return product }
    var own = site.ownRegion(of: first.own).map { site.own.graph.nodes[$0] }
    var other = site.otherRegion(of: first.other).map { site.other.graph.nodes[$0] }
    // What the other reads instead need not stand before what is not there: then it is no node left out, but another.
    // A value that is read already is read twice, and stands for no node either.
    if other.isEmpty, let partner = site.ownOf[first.other], !own.isEmpty,
      !own.contains(where: { $0.inputs.contains(partner) }), let node = producer(site.other, first.other)
    {
      if own.count == 1, reader?.inputs.contains(partner) != true,
        node.inputs.compactMap({ $0.flatMap { site.ownOf[$0] } }).first == own[0].inputs[0]
      {
        other = [node]
      } else {
        own = []
      }
    } else if own.isEmpty, let partner = site.otherOf[first.own], !other.isEmpty,
      !other.contains(where: { $0.inputs.contains(partner) }), let node = producer(site.own, first.own)
    {
      if other.count == 1, site.otherNode?.inputs.contains(partner) != true,
        node.inputs.compactMap({ $0.flatMap { site.otherOf[$0] } }).first == other[0].inputs[0]
      {
        own = [node]
      } else {
        other = []
      }
    }
    // What stands for so much on both sides is another network, not a fault in one.
    guard min(own.count, other.count) <= mostExchanged else { return nil }
    let startsAtInput = !(own + other).isEmpty && isFed(site, first)
    if !own.isEmpty || !other.isEmpty {
      return exchange(site, own, other, edits, startsAtInput: startsAtInput)
    }
    let (has, otherHas) = (name(site.own, first.own), name(site.other, first.other))
    // Nodes of one name may give other values: then it is said in names of one side.
    let partner = has == otherHas ? site.ownOf[first.other].map { name(site.own, $0) } : nil
    return Hypothesis(
      kind: .wiring, node: reader?.name ?? producer(site.own, first.own)?.name,
      otherNode: site.otherNode?.name ?? producer(site.other, first.other)?.name,
      has: "the value \(has) read",
      otherHas: partner.map { "the counterpart of \($0) read" } ?? "the value \(otherHas) read", edits: edits,
      signature: "read \(edits.count)",
      nodes: (
        Set([producer(site.own, first.own)?.name].compactMap { $0 }),
        Set([producer(site.other, first.other)?.name].compactMap { $0 })
      ))
  }

  /// Products of both whose factors may be grouped in another way: what makes all factors is compared, the products
  /// included, and where it is the same but for one node, that is the cause. nil where there are none.
  private static func product(
    _ site: Site, _ changes: [Change], _ edits: [GraphEdit]
  ) -> Hypothesis? {
    guard case .nodes(let a, let b) = site.place, case .binary(.mul) = site.own.graph.nodes[a].op,
      case .binary(.mul) = site.other.graph.nodes[b].op
    else { return nil }
    func nodes(_ graph: Graph, _ region: [Int], _ end: Int) -> [Node] {
      Set(region + [end]).sorted().map { graph.nodes[$0] }
    }
    let own = nodes(site.own.graph, changes.flatMap { site.ownRegion(of: $0.own) }, a)
    let other = nodes(site.other.graph, changes.flatMap { site.otherRegion(of: $0.other) }, b)
    guard max(own.count, other.count) <= mostExchanged else { return nil }
    var result = Hypothesis(
      kind: kind(own, other, isOutput: false, startsAtInput: false), node: own[0].name,
      otherNode: other[0].name, has: list(own), otherHas: list(other), edits: edits,
      signature: signature(own, other))
    var (rest, otherRest) = (own, other)
    for node in own {
      guard let place = otherRest.firstIndex(where: { !AttributeCauses.differ(node.op, $0.op) }) else {
        continue
      }
      otherRest.remove(at: place)
      rest.removeAll { $0.name == node.name }
    }
    if rest.isEmpty, otherRest.isEmpty {
      result.kind = .differentWeights
      result.has += " with its own constants"
      result.otherHas += " with others"
    } else if max(rest.count, otherRest.count) == 1 {
      result.kind = kind(rest, otherRest, isOutput: false, startsAtInput: false)
      (result.node, result.otherNode) = (rest.first?.name, otherRest.first?.name)
      result.has = rest.isEmpty ? "nothing there" : list(rest)
      result.otherHas = otherRest.isEmpty ? "nothing there" : list(otherRest)
    }
    return result
  }

  /// Nodes for others, or for none, without what both are in other words.
  static func exchange(
    _ site: Site, _ own: [Node], _ other: [Node], _ edits: [GraphEdit], startsAtInput: Bool = false
  ) -> Hypothesis {
    let sameness = SameFunction(own: site.own, other: site.other)
    // What turns layouts stands for nothing beside what does more.
    let plain = (
      own.filter { !site.turnsLayout($0, isOwn: true) }, other.filter { !site.turnsLayout($0, isOwn: false) }
    )
    let compared = plain.0.isEmpty && plain.1.isEmpty ? (own, other) : plain
    let (own, other) = sameness.withoutSame(compared.0, compared.1)
    if startsAtInput, let swap = swap(site, own, other, edits) { return swap }
    if !own.isEmpty, own.map(\.op) == other.map(\.op) {
      return Hypothesis(
        kind: .differentWeights, node: own[0].name, otherNode: other[0].name,
        has: "\(list(own)) with its own constants", otherHas: "\(list(other)) with others", edits: edits,
        signature: signature(own, other))
    }
    let reader = site.ownNode
    let isOutput = site.isAtTheEnd
    let place = reader.map { "before \($0.name.escapedWhole)" } ?? "at the end"
    return Hypothesis(
      kind: kind(own, other, isOutput: isOutput, startsAtInput: startsAtInput),
      node: own.first?.name, otherNode: other.first?.name,
      has: own.isEmpty ? "nothing \(place)" : list(own) + (other.isEmpty ? " \(place)" : ""),
      otherHas: other.isEmpty ? "nothing there" : list(other), edits: edits,
      parts: HypothesisParts.parts(
        own, other,
        isConstant: ({ site.own.graph[$0].initializer != nil }, { site.other.graph[$0].initializer != nil }),
        areSame: sameness.areSame, text: list
      ) { kind($0, $1, isOutput: isOutput, startsAtInput: startsAtInput) },
      signature: signature(own, other), nodes: (Set(own.map(\.name)), Set(other.map(\.name))))
  }

  /// Nodes behind the image that put its channels in the opposite order on one side.
  private static func swap(_ site: Site, _ own: [Node], _ other: [Node], _ edits: [GraphEdit]) -> Hypothesis?
  {
    let isOwn = other.isEmpty
    let nodes = isOwn ? own : other
    guard own.isEmpty != other.isEmpty,
      Rearrangement.reversesChannels(nodes, isOwn ? site.own.graph : site.other.graph)
    else { return nil }
    let (swapped, plain) = (
      "\(list(nodes)), which put the image's channels in the opposite order (RGB against BGR)",
      "them as they are"
    )
    return Hypothesis(
      kind: .swappedInputChannels, node: own.first?.name, otherNode: other.first?.name,
      has: isOwn ? swapped : "the image's channels as they are", otherHas: isOwn ? plain : swapped,
      edits: edits,
      signature: signature(own, other), nodes: (Set(own.map(\.name)), Set(other.map(\.name))))
  }

  /// What the same change at another place has in common with this one: the operators, or that they are on integers.
  private static func signature(_ own: [Node], _ other: [Node]) -> String {
    if own.contains(where: \.op.isOnIntegers) != other.contains(where: \.op.isOnIntegers) {
      return AttributeCauses.integerSignature
    }
    return own.map(\.op.name).joined(separator: " ") + "/" + other.map(\.op.name).joined(separator: " ")
  }

  /// Whether what differs stands right behind an input of the graph.
  private static func isFed(_ site: Site, _ change: Change) -> Bool {
    func isFed(_ view: GraphView, _ region: [Int], _ end: ValueID) -> Bool {
      let read = region.flatMap { view.graph.nodes[$0].inputs }.compactMap { $0 }
      return (read + [end]).contains { view.graph.inputs.contains($0) }
    }
    return isFed(site.own, site.ownRegion(of: change.own), change.own)
      && isFed(site.other, site.otherRegion(of: change.other), change.other)
  }

  private static func producer(_ view: GraphView, _ id: ValueID) -> Node? {
    view.producers[id.index].map { view.graph.nodes[$0] }
  }

  /// What a value is called after: the node that makes it, and which of its results it is.
  private static func name(_ view: GraphView, _ id: ValueID) -> String {
    guard let node = producer(view, id) else { return view.graph[id].name.escapedWhole }
    guard node.outputs.count > 1, let place = node.outputs.firstIndex(of: id) else {
      return node.name.escapedWhole
    }
    return "\(place) of \(node.name.escapedWhole)"
  }

  static func list(_ nodes: [Node]) -> String {
    let integers = nodes.filter(\.op.isOnIntegers)
    if !integers.isEmpty { return AttributeCauses.text(onIntegers: integers) }
    let shown = nodes.prefix(3).map(AttributeCauses.text).joined(separator: ", ")
    return nodes.count > 3 ? "\(shown) and \(nodes.count - 3) more nodes" : shown
  }

  private static func kind(
    _ own: [Node], _ other: [Node], isOutput: Bool, startsAtInput: Bool
  ) -> DiffReport.CauseKind {
    let ops = (own + other).map(\.op)
    if ops.allSatisfy({ if case .cast = $0 { true } else { false } }) { return .halfPrecision }
    if own.contains(where: \.op.isOnIntegers) != other.contains(where: \.op.isOnIntegers) {
      return .quantizedWeights
    }
    if isOutput, ops.count == 1, case .softmax = ops[0] { return .missingSoftmax }
    if startsAtInput, own.isEmpty || other.isEmpty {
      if ops.allSatisfy(\.isRearrangement),
        ops.contains(where: { if case .transpose = $0 { true } else { false } })
      {
        return .inputLayout
      }
      if ops.allSatisfy(\.isPreprocessing) { return .preprocessing }
    }
    if own.isEmpty { return ops.allSatisfy(\.isActivation) ? .activation : .addedNode }
    if other.isEmpty { return ops.allSatisfy(\.isActivation) ? .activation : .missingNode }
    return AttributeCauses.kind(own.map(\.op), other.map(\.op))
  }
}

extension Operator {
  var isCommutative: Bool {
    switch self {
    case .binary(.add), .binary(.mul): true
    default: false
    }
  }

  /// A function of each element by itself, as networks have between layers, or a part of one.
  var isActivation: Bool {
    switch self {
    case .unary(let function):
      switch function {
      case .neg, .reciprocal, .not, .isNaN, .isInf, .bitwiseNot, .floor, .ceil, .round, .sign: false
      default: true
      }
    case .binary(.pRelu), .softmax, .logSoftmax, .hardmax: true
    default: false
    }
  }

  /// The same elements in another order or shape.
  var isRearrangement: Bool {
    switch self {
    case .transpose, .reshape, .flatten, .squeeze, .unsqueeze: true
    default: false
    }
  }

  /// What images are prepared with.
  var isPreprocessing: Bool {
    switch self {
    case .binary(.add), .binary(.sub), .binary(.mul), .binary(.div), .batchNormalization, .slice, .gather,
      .concat, .cast, .resize, .pad:
      true
    default: false
    }
  }

  var isPool: Bool {
    switch self {
    case .maxPool, .averagePool, .lpPool, .globalPool: true
    case .reduce(let op): op.function == .mean
    default: false
    }
  }
}
