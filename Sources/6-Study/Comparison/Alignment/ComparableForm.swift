import Execution
import FileIO
import ModelIR

/// Two graphs written alike, as far as that changes nothing of what they compute: formats spell margins as nodes of their
/// own, leave identities in, or fold normalisations.
struct ComparableForm {
  let left: Graph
  let right: Graph
  /// Whether normalisations were folded, as one side had them in its weights.
  let isFolded: Bool
  /// Both before that.
  let unfolded: (left: Graph, right: Graph)

  private static let manyFolded = 4
  /// The most bytes of a constant that extents are computed with.
  private static let mostSettledBytes = 1 << 26

  init(_ left: Graph, _ right: Graph) throws(ScaleNetError) {
    let (own, others) = (try Self.cleaned(left), try Self.cleaned(right))
    var (a, b) = (try Self.withMarginsInWindows(own), try Self.withMarginsInWindows(others))
    // What makes numbers negative on one side only is no reason to write the margins behind it in two ways.
    if a.zeroMarginCount != b.zeroMarginCount {
      a = try Self.withMarginsInWindows(own, ofMaxima: false).withZeroMarginsOfMaxima()
      b = try Self.withMarginsInWindows(others, ofMaxima: false).withZeroMarginsOfMaxima()
    }
    // Weights that one side computes of constants are constants on the other.
    if a.computedConstantCount != b.computedConstantCount {
      (a, b) = (try a.settledConstants(), try b.settledConstants())
    }
    (a, b) = try Self.withLayerNormalizationsAlike(a, b)
    (a, b) = try Self.withGaussianUnitsAlike(a, b)
    if a.flattenedProductCount != b.flattenedProductCount {
      (a, b) = (try a.withProductsOfRows(), try b.withProductsOfRows())
    }
    (a, b) = (try a.withFlattenedChannelsFirst(like: b), try b.withFlattenedChannelsFirst(like: a))
    // One by statistics of what it is given stands for one that could be folded: both are normalisations there.
    func folds(_ graph: Graph) -> Int {
      GraphView(graph).normalization.count { $0 != nil } + graph.measuredNormalizationCount
    }
    let counts = (folds(a), folds(b))
    // A normalisation that one side lacks is a difference; that it lacks many of them is another way to write the same.
    // Some stay where a resize stands between.
    isFolded =
      min(counts.0, counts.1) * 2 < max(counts.0, counts.1) || abs(counts.0 - counts.1) >= Self.manyFolded
    unfolded = (a, b)
    var (c, d) = isFolded ? (try a.folded(), try b.folded()) : (a, b)
    // The branches of a block are one convolution on the other side, which may have the normalisation behind them too.
    let sums = (c.branchSumCount, d.branchSumCount)
    if min(sums.0, sums.1) * 2 < max(sums.0, sums.1) {
      (c, d) = (try c.folded().withMergedBranches().folded(), try d.folded().withMergedBranches().folded())
    }
    (c, d) = (try c.withNormalizationsTakenOut(like: d), try d.withNormalizationsTakenOut(like: c))
    // A HardSigmoid in parts begins with a factor that is no convolution's.
    if c.hardSigmoidCount != d.hardSigmoidCount {
      (c, d) = (try c.withWholeHardSigmoids(), try d.withWholeHardSigmoids())
    }
    // Likewise factors and terms of channels as nodes of their own.
    let terms = (c.channelArithmeticCount, d.channelArithmeticCount)
    let areFolded = min(terms.0, terms.1) * 2 < max(terms.0, terms.1) && max(terms.0, terms.1) > 1
    self.left = areFolded ? try c.foldingChannelArithmetic() : c
    self.right = areFolded ? try d.foldingChannelArithmetic() : d
  }

  /// With each layer normalisation as one node, if one side has it so, or both have spelled it out alike: values inside one are
  /// those inside another of the same input, by which the wrong ones would be paired. Where one is another function, its nodes
  /// are held against the other's.
  private static func withLayerNormalizationsAlike(
    _ a: Graph, _ b: Graph
  ) throws(ScaleNetError) -> (Graph, Graph) {
    let (c, d) = (try a.withWholeLayerNormalizations(), try b.withWholeLayerNormalizations())
    let areAll = c.rootCount == d.rootCount
    return areAll || a.hasLayerNormalization != b.hasLayerNormalization ? (c, d) : (a, b)
  }

  /// With each GELU as one node, if all are such, or both have as many and write them in other ways: where one is another
  /// function, be it by one constant, its nodes are held against the other's.
  private static func withGaussianUnitsAlike(
    _ a: Graph, _ b: Graph
  ) throws(ScaleNetError) -> (Graph, Graph) {
    let (own, others) = (a.gaussianUnitParts, b.gaussianUnitParts)
    if own.isEmpty, others.isEmpty { return (a, b) }
    let (c, d) = (try a.withWholeGaussianUnits(), try b.withWholeGaussianUnits())
    let (left, right) = (c.gaussianUnitParts, d.gaussianUnitParts)
    let areAll = left[.erf] == nil && right[.erf] == nil
    let areAsMany = left[.whole] == right[.whole]
    return areAll && (areAsMany || Set(own.keys) == Set(others.keys)) ? (c, d) : (a, b)
  }

  private static func cleaned(_ graph: Graph) throws(ScaleNetError) -> Graph {
    var graph = graph
    // Values whose extents the graph computes could not be held against each other.
    if graph.values.contains(where: { $0.type.shape == nil }) {
      graph = try graph.settled(foldsReals: false, limit: mostSettledBytes)
      graph.removeUnusedValues()
    }
    try graph.apply([EliminateIdentities()])
    return try withoutCasts(try widened(graph)).withoutNeutralNodes()
  }

  /// In float32 throughout, as it is computed anyway; weights keep the values that their type holds.
  private static func widened(_ graph: Graph) throws(ScaleNetError) -> Graph {
    func isNarrow(_ type: DataType) -> Bool { type.isFloatingPoint && type != .float32 }
    guard graph.values.contains(where: { isNarrow($0.type.dataType) }) else { return graph }
    var graph = graph
    let producers = graph.producers()
    // A cast to a half type rounds: it stays, and what it gives is cast back.
    let rounding = graph.nodes.indices.filter { index in
      guard case .cast(let cast) = graph.nodes[index].op, let input = graph.nodes[index].inputs[0] else {
        return false
      }
      return isNarrow(cast.to) && cast.to != .float64 && !isNarrow(graph[input].type.dataType)
    }
    for id in graph.valueIDs where isNarrow(graph[id].type.dataType) {
      if let producer = producers[id.index], rounding.contains(producer) { continue }
      graph[id].type.dataType = .float32
      if let tensor = graph[id].initializer { graph[id].initializer = tensor.cast(to: .float32) }
    }
    for index in graph.nodes.indices where !rounding.contains(index) {
      if case .cast(let cast) = graph.nodes[index].op, isNarrow(cast.to) {
        graph.nodes[index].op = .cast(Cast(to: .float32))
      }
    }
    for index in rounding.reversed() {
      let output = graph.nodes[index].outputs[0]
      let name = graph.unusedName("\(graph[output].name).float32")
      let back = try graph.addNode(name, .cast(Cast(to: .float32)), inputs: [output])[0]
      let node = graph.nodes.removeLast()
      graph.replaceUses(of: output, with: back)
      graph.nodes.insert(node, at: index + 1)
    }
    try graph.inferAllTypes()
    return graph
  }

  /// Without casts to the type that the value has.
  private static func withoutCasts(_ graph: Graph) throws(ScaleNetError) -> Graph {
    var graph = graph
    var kept: [Node] = []
    var replacement: [ValueID: ValueID] = [:]
    for var node in graph.nodes {
      node.inputs = node.inputs.map { $0.map { replacement[$0] ?? $0 } }
      if case .cast = node.op, let input = node.inputs[0], !graph.outputs.contains(node.outputs[0]),
        graph[input].type == graph[node.outputs[0]].type
      {
        replacement[node.outputs[0]] = input
      } else {
        kept.append(node)
      }
    }
    if replacement.isEmpty { return graph }
    graph.nodes = kept
    graph.removeUnusedValues()
    return graph
  }

  /// A Pad of zeros before a convolution, or of the least number before a maximum, becomes the margins of its window;
  /// where no number is negative, zeros are as good.
  ///
  /// - Parameter ofMaxima: whether zeros before a maximum become margins at all.
  private static func withMarginsInWindows(
    _ graph: Graph, ofMaxima: Bool = true
  ) throws(ScaleNetError) -> Graph {
    var graph = graph
    let view = GraphView(graph)
    let (producers, consumers) = (view.producers, view.consumers)
    var removed = Set<Int>()
    for index in graph.nodes.indices {
      guard let input = graph.nodes[index].inputs.first ?? nil, let before = producers[input.index],
        case .pad(let pad) = graph.nodes[before].op, let margins = pad.margins,
        consumers[input.index].count == 1, !graph.outputs.contains(input)
      else { continue }
      switch graph.nodes[index].op {
      case .conv(var conv) where pad.value == 0:
        for side in 0..<4 { conv.window.pads[side] += margins[side] }
        graph.nodes[index].op = .conv(conv)
      case .maxPool(var pool)
      where !pool.ceilMode
        && (pad.value <= -Float.greatestFiniteMagnitude
          || ofMaxima && pad.value == 0 && graph.nodes[before].inputs[0].map(view.isNonNegative) == true):
        for side in 0..<4 { pool.window.pads[side] += margins[side] }
        graph.nodes[index].op = .maxPool(pool)
      default: continue
      }
      graph.nodes[index].inputs[0] = graph.nodes[before].inputs[0]
      removed.insert(before)
    }
    if removed.isEmpty { return graph }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }
}

extension Graph {
  /// How many nodes read constants alone, or what such nodes make.
  fileprivate var computedConstantCount: Int {
    var known = Set<ValueID>()
    var count = 0
    for node in nodes
    where !node.inputs.isEmpty
      && node.inputs.allSatisfy({ id in
        id.map { self[$0].initializer != nil || known.contains($0) } ?? true
      })
    {
      known.formUnion(node.outputs)
      count += 1
    }
    return count
  }

  /// How many square roots there are, one in each normalisation that is spelled out.
  fileprivate var rootCount: Int {
    nodes.count { if case .unary(.sqrt) = $0.op { true } else { false } }
  }

  /// How many convolutions are normalised by the statistics of what they give, and nothing else reads them.
  fileprivate var measuredNormalizationCount: Int {
    let (producers, consumers) = (producers(), consumers())
    return nodes.count { node in
      guard case .instanceNormalization = node.op, let input = node.inputs[0],
        let before = producers[input.index], case .conv = nodes[before].op
      else { return false }
      return consumers[input.index].count == 1
    }
  }

  /// How many maxima read a Pad of zeros.
  fileprivate var zeroMarginCount: Int {
    let producers = producers()
    return nodes.count { node in
      guard case .maxPool = node.op, let input = node.inputs[0], let before = producers[input.index],
        case .pad(let pad) = nodes[before].op
      else { return false }
      return pad.value == 0
    }
  }

  /// The margins of each maximum of what is nowhere negative as a Pad of zeros of their own.
  fileprivate func withZeroMarginsOfMaxima() throws(ScaleNetError) -> Graph {
    var graph = self
    let view = GraphView(graph)
    for index in nodes.indices.reversed() {
      guard case .maxPool(var pool) = nodes[index].op, !pool.ceilMode,
        pool.window.pads.contains(where: { $0 > 0 }),
        let input = nodes[index].inputs[0], view.isNonNegative(input)
      else { continue }
      let name = graph.unusedName("\(nodes[index].name).margins")
      let padded = try graph.addNode(name, .pad(Pad(margins: pool.window.pads)), inputs: [input])[0]
      let node = graph.nodes.removeLast()
      pool.window.pads = [0, 0, 0, 0]
      graph.nodes[index].op = .maxPool(pool)
      graph.nodes[index].inputs[0] = padded
      graph.nodes.insert(node, at: index)
    }
    return graph
  }

  fileprivate func settledConstants() throws(ScaleNetError) -> Graph {
    var graph = self
    try graph.apply([FoldConstants()])
    return graph
  }
}
