import ModelIR

extension Aligner {
  /// Pairs nodes of like operators that bear one name. Where contents say otherwise they are believed: tools number
  /// nodes, and the same number means nothing.
  mutating func alignByName(_ candidates: [Int: [Candidate]]) {
    var named: [String: [Int]] = [:]
    for index in left.graph.nodes.indices {
      for key in NodeKey.keys(left.graph.nodes[index], in: left.graph) {
        named[key, default: []].append(index)
      }
    }
    var hasCandidate = Set<Int>()
    for list in candidates.values { hasCandidate.formUnion(list.map(\.left)) }
    for index in right.graph.nodes.indices where isFree(right: index) {
      let node = right.graph.nodes[index]
      var found: Int?
      for key in NodeKey.keys(node, in: right.graph) where found == nil {
        found = named[key]?.first { other in
          left.graph.nodes[other].op.family == node.op.family && isFree(left: other)
            && isNameBelieved(other, index, candidates[index] ?? [], hasCandidate)
        }
      }
      if let other = found { add(other, index, .name) }
    }
  }

  private func isNameBelieved(
    _ a: Int, _ b: Int, _ candidates: [Candidate], _ hasCandidate: Set<Int>
  ) -> Bool {
    if isFoldedOnOneSide(a, b) { return true }
    if candidates.contains(where: { $0.left == a }) { return true }
    return candidates.isEmpty && !hasCandidate.contains(a)
  }
}
