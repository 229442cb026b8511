extension GraphBuilder {
  /// What a node is called in messages if it has no name.
  func displayName(_ node: NodeMessage, _ index: Int) -> String {
    if !node.name.isEmpty { return node.name }
    return node.outputs.first { !$0.isEmpty } ?? "\(node.op)_\(index)"
  }

  /// The file's name of a node; one that is empty is replaced by the output's, and one used twice gets a number.
  mutating func nodeName(_ node: NodeMessage, index: Int) -> String {
    if !node.name.isEmpty && usedNodeNames.insert(node.name).inserted { return node.name }
    return newNodeName(displayName(node, index))
  }

  /// A name for a node that the file does not have.
  mutating func newNodeName(_ base: String) -> String {
    newName(base) { $0.nodeNames.contains($1) || !$0.usedNodeNames.insert($1).inserted }
  }

  /// A name for a value that the file does not have.
  mutating func newValueName(_ base: String) -> String {
    newName(base) { !$0.valueNames.insert($1).inserted }
  }

  /// The base, or the base with the first number that is free.
  private mutating func newName(_ base: String, isTaken: (inout GraphBuilder, String) -> Bool) -> String {
    var name = base
    while isTaken(&self, name) {
      // Counting on from the last number keeps a file of one name from costing quadratic time.
      lastNumbers[base, default: 0] += 1
      name = "\(base)_\(lastNumbers[base, default: 0])"
    }
    return name
  }
}
