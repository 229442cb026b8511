import ModelIR

/// Finds residual blocks in a graph by their shape, not by names or metadata, so that a file of any origin shows them,
/// with BatchNormalization folded or not.
///
/// A block is closed by an Add whose two inputs come from one value: one through a shortcut (nothing, or pools and one
/// convolution), the other through two or three steps of convolutions, of which one may be several scales side by side
/// (`BlockRecognizer+Scales`), and perhaps a squeeze-and-excitation gate (`BlockRecognizer+Gates`).
struct BlockRecognizer {
  /// More nodes than any block has; the search behind an Add ends there, which keeps it linear on any graph.
  private static let largestBlock = 64

  let graph: Graph
  let producers: [Int?]
  private let consumers: [[Int]]

  init(_ graph: Graph) {
    self.graph = graph
    producers = graph.producers()
    consumers = graph.consumers()
  }

  /// All blocks, in the order in which they run.
  func blocks() -> [RecognizedBlock] {
    graph.nodes.indices.compactMap { index in
      guard case .binary(.add) = graph.nodes[index].op else { return nil }
      return block(endingAt: index)
    }
  }

  private func block(endingAt add: Int) -> RecognizedBlock? {
    let ends = activations(of: graph.nodes[add])
    guard ends.count == 2, ends[0] != ends[1], let (source, nodes) = region(between: ends) else { return nil }
    for (main, shortcut) in [(ends[0], ends[1]), (ends[1], ends[0])] {
      guard isShortcut(from: source, to: shortcut),
        let path = ResidualPath(from: source, to: main, within: nodes, in: self),
        var block = path.classified(outputChannels: channels(of: main))
      else { continue }
      block.input = source
      block.nodes = nodes.union([add]).sorted()
      block.output = graph.nodes[add].outputs[0]
      if let relu = soleConsumer(block.output), case .unary(.relu) = graph.nodes[relu].op {
        block.nodes.append(relu)
        block.output = graph.nodes[relu].outputs[0]
      }
      if block.kind == .scaleAggregation { includeLeadingPool(&block) }
      return block
    }
    return nil
  }

  /// The value from which all of `ends` come, and the nodes between: the value produced last is replaced by what its
  /// node reads until one value is left. Nil if that takes more nodes than a block has, or meets the end of another block.
  private func region(between ends: [ValueID]) -> (source: ValueID, nodes: Set<Int>)? {
    var frontier = Set(ends)
    var nodes = Set<Int>()
    while frontier.count > 1 {
      guard let last = frontier.max(by: { (producers[$0.index] ?? -1) < (producers[$1.index] ?? -1) }),
        let index = producers[last.index], nodes.count < Self.largestBlock
      else { return nil }
      let inputs = activations(of: graph.nodes[index])
      if case .binary(.add) = graph.nodes[index].op, inputs.count > 1 { return nil }
      frontier.remove(last)
      nodes.insert(index)
      frontier.formUnion(inputs)
    }
    return frontier.first.map { ($0, nodes) }
  }

  /// Whether `value` is `source`, or comes from it through pools, a 1x1 convolution and its normalisation.
  private func isShortcut(from source: ValueID, to value: ValueID) -> Bool {
    var value = value
    var hasConvolution = false
    while value != source {
      guard let node = producer(of: value) else { return false }
      switch node.op {
      case .batchNormalization, .identity, .cast, .maxPool, .averagePool: break
      case .binary(.add) where activations(of: node).count == 1,
        .binary(.mul)
      where activations(of: node).count == 1:
        break
      case .reshape, .instanceNormalization, .groupNormalization:
        guard isGroupNormalization(node) else { return false }
      case .conv(let conv) where !hasConvolution && conv.window.kernel == [1, 1] && conv.group == 1:
        hasConvolution = true
      default: return false
      }
      guard let input = activations(of: node).first else { return false }
      value = input
    }
    return true
  }

  /// A scale-aggregation block pools before everything else where a stage begins.
  private func includeLeadingPool(_ block: inout RecognizedBlock) {
    guard let index = producers[block.input.index], case .maxPool(let pool) = graph.nodes[index].op,
      pool.window.kernel == pool.window.strides, let input = graph.nodes[index].inputs[0],
      Set(consumers[block.input.index]).isSubset(of: block.nodes)
    else { return }
    block.nodes.insert(index, at: 0)
    block.input = input
  }

  /// Whether the node is part of a normalisation of groups of channels: that itself, or what makes instances of groups,
  /// normalises them and makes channels of them again.
  func isGroupNormalization(_ node: Node) -> Bool {
    func isInstance(_ node: Node?) -> Bool {
      if case .instanceNormalization? = node?.op { return true }
      return false
    }
    switch node.op {
    case .groupNormalization, .instanceNormalization: return true
    case .reshape:
      let before = activations(of: node).first.flatMap { producer(of: $0) }
      return isInstance(before) || isInstance(soleConsumer(node.outputs[0]).map { graph.nodes[$0] })
    default: return false
    }
  }

  func producer(of id: ValueID) -> Node? { producers[id.index].map { graph.nodes[$0] } }

  /// The inputs of a node that are no weights.
  func activations(of node: Node) -> [ValueID] {
    node.inputs.compactMap { $0 }.filter { graph[$0].initializer == nil }
  }

  /// The extent of a value along its second axis; 0 where there is none.
  func channels(of id: ValueID) -> Int {
    let dimensions = graph[id].type.dimensions
    return dimensions.count > 1 ? dimensions[1].value ?? 0 : 0
  }

  private func soleConsumer(_ id: ValueID) -> Int? {
    consumers[id.index].count == 1 ? consumers[id.index][0] : nil
  }
}
