import ModelIR

/// Finds the nodes of a graph in the one that was written of it: by name, or by a name as formats write it that take
/// letters, digits and underscores only. A name that could mean several nodes finds none.
struct NodeMatcher {
  private let exact: [String: Int]
  /// By plain names; nil where several nodes have one.
  private let plain: [String: Int?]
  private let sourceCounts: [String: Int]

  init(source: Graph, written: Graph) {
    exact = Dictionary(written.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
    plain = Dictionary(written.nodes.enumerated().map { (Self.plain($1.name), Optional($0)) }) { _, _ in nil }
    sourceCounts = Dictionary(source.nodes.map { (Self.plain($0.name), 1) }, uniquingKeysWith: +)
  }

  /// The place of the node that was written for one of this name.
  subscript(name: String) -> Int? {
    if let index = exact[name] { return index }
    let key = Self.plain(name)
    guard sourceCounts[key] == 1, let index = plain[key] else { return nil }
    return index
  }

  private static func plain(_ name: String) -> String {
    String(
      name.unicodeScalars.map { scalar -> Character in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
        default: "_"
        }
      }.drop { $0 == "_" })
  }
}

/// A node with parameters and the one that was written for it.
struct NodeMatch {
  /// The place among the source's nodes.
  var source: Int
  /// The place among the written graph's nodes.
  var written: Int
  /// The source's normalisations that went into the written node, the nearest first.
  var normalizations: [Int] = []

  /// All nodes with parameters that can be told in the written graph. A normalisation that is not there was folded into
  /// the convolution before it, maybe through a resize.
  static func all(source: Graph, written: Graph) -> [NodeMatch] {
    let matcher = NodeMatcher(source: source, written: written)
    let producers = source.producers()
    var matches: [NodeMatch] = []
    /// The place in `matches` of what a normalisation was folded into.
    var targets: [Int: Int] = [:]
    var byNode: [Int: Int] = [:]
    for (index, node) in source.nodes.enumerated()
    where node.inputs.contains(where: { source.initializer($0) != nil }) {
      if let found = matcher[node.name], written.nodes[found].op.isSameKind(as: node.op) {
        byNode[index] = matches.count
        matches.append(NodeMatch(source: index, written: found))
      } else if case .batchNormalization = node.op,
        let target = target(of: node, in: source, producers, targets, byNode)
      {
        targets[index] = target
        matches[target].normalizations.append(index)
      }
    }
    return matches
  }

  /// The match of the convolution that a normalisation was folded into.
  private static func target(
    of node: Node, in graph: Graph, _ producers: [Int?], _ targets: [Int: Int], _ byNode: [Int: Int]
  ) -> Int? {
    guard let input = node.inputs[0], var before = producers[input.index] else { return nil }
    if case .resize = graph.nodes[before].op {
      guard let small = graph.nodes[before].inputs[0], let behind = producers[small.index] else { return nil }
      before = behind
    }
    if let target = targets[before] { return target }
    switch graph.nodes[before].op {
    case .conv, .convTranspose: return byNode[before]
    default: return nil
    }
  }
}

extension Operator {
  /// Whether the parameters of both mean the same in the same places.
  fileprivate func isSameKind(as other: Operator) -> Bool {
    switch (self, other) {
    case (.gemm, .matMul), (.matMul, .gemm): true
    default: name == other.name
    }
  }
}
