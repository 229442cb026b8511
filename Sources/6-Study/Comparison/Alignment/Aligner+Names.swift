import ModelIR

extension Aligner {
  /// Pairs nodes of like operators that bear one name. Where contents or weights say otherwise they are believed: tools
  /// number nodes, and the same number means nothing.
  ///
  /// - Parameter needsSupport: whether only such are paired that are near-equal or have parameters of the same shapes.
  mutating func alignByName(_ candidates: [Int: [Candidate]], needsSupport: Bool) {
    var named: [String: [Int]] = [:]
    for index in left.graph.nodes.indices {
      for key in NodeKey.keys(left.graph.nodes[index], in: left.graph) {
        named[key, default: []].append(index)
      }
    }
    var hasCandidate = Set<Int>()
    for list in candidates.values { hasCandidate.formUnion(list.map(\.left)) }
    let keys = right.graph.nodes.map { NodeKey.keys($0, in: right.graph) }
    let keysOf = Dictionary(
      zip(right.graph.nodes.map(\.name), keys), uniquingKeysWith: { first, _ in first })
    // What has weights shows whether names mean the same on both sides.
    let nodes = right.graph.nodes.indices
    let weighted = nodes.filter { right.graph.nodes[$0].op.hasWeight }
    for index in weighted + nodes.filter({ !right.graph.nodes[$0].op.hasWeight }) where isFree(right: index) {
      let node = right.graph.nodes[index]
      var found: Int?
      for key in keys[index] where found == nil {
        found = named[key]?.first { other in
          left.graph.nodes[other].op.family == node.op.family && isFree(left: other)
            // Several nodes of a module share its name; one that is there on both sides is no counterpart of another.
            && (left.graph.nodes[other].name == node.name
              || keysOf[left.graph.nodes[other].name]?.contains(key) != true)
            && isNameBelieved(other, index, candidates[index] ?? [], hasCandidate)
            && (needsSupport
              ? isSupported(other, index, candidates[index] ?? [])
              : key.last?.isNumber != true || haveNeighbours(other, index))
        }
      }
      if let other = found { add(other, index, .name) }
    }
  }

  private func isSupported(_ a: Int, _ b: Int, _ candidates: [Candidate]) -> Bool {
    if candidates.contains(where: { $0.left == a }) || isFoldedOnOneSide(a, b) { return true }
    let (own, others) = (left.parameters(a), right.parameters(b))
    return !own.isEmpty && own.map { left.shape($0).sorted() } == others.map { right.shape($0).sorted() }
  }

  private mutating func isNameBelieved(
    _ a: Int, _ b: Int, _ candidates: [Candidate], _ hasCandidate: Set<Int>
  ) -> Bool {
    if candidates.contains(where: { $0.left == a }) { return true }
    if haveOthersWeights(a, b) {
      namesAreShifted = true
      return false
    }
    if isFoldedOnOneSide(a, b) { return true }
    if namesAreShifted, heads.left.agree(a, heads.right, b) != true { return false }
    return candidates.isEmpty && !hasCandidate.contains(a)
  }

  /// Whether two nodes read the same, or are read by the same: a number in a name that means nothing tells no more than
  /// that.
  private func haveNeighbours(_ a: Int, _ b: Int) -> Bool {
    let (own, others) = (left.activations(a), right.activations(b))
    if zip(own, others).contains(where: { leftOf[$1].map(left.resolved) == $0 }) { return true }
    let readers = Set(left.consumers[left.output(a).index].map { left.output($0) })
    return right.consumers[right.output(b).index].contains {
      leftOf[right.output($0)].map(readers.contains) ?? false
    }
  }

  /// Whether the weights of one of two nodes are those of a node that is still free on the other side, and not each other's:
  /// that one is the counterpart. Where two nodes have exchanged their weights, names are believed.
  private mutating func haveOthersWeights(_ a: Int, _ b: Int) -> Bool {
    guard heads.left.agree(a, heads.right, b) == false else { return false }
    let own = heads.left.twins(of: b, in: heads.right).filter { isFree(left: $0) }
    let others = heads.right.twins(of: a, in: heads.left).filter { isFree(right: $0) }
    if own.isEmpty, others.isEmpty { return false }
    return !own.contains { x in
      let names = NodeKey.keys(left.graph.nodes[x], in: left.graph)
      return others.contains { y in
        NodeKey.keys(right.graph.nodes[y], in: right.graph).contains(where: names.contains)
      }
    }
  }
}

/// Names of a node's module that formats spell differently, made comparable: `layer1.0.conv1`,
/// `/layer1/layer1.0/conv1/Conv` (PyTorch's export) and `layer1_0_conv1` (Keras) are one.
enum NodeKey {
  /// All keys of a node, the most telling first: the value it makes, its own name, and the module of its weights.
  static func keys(_ node: Node, in graph: Graph) -> [String] {
    var names = [graph[node.outputs[0]].name, node.name]
    if node.inputs.count > 1, let weight = node.inputs[1], graph[weight].initializer != nil {
      let name = graph[weight].name
      for suffix in [".weight", "/kernel:0", "/kernel", "/gamma:0", "/gamma", ".gamma", ".kernel"]
      where name.hasSuffix(suffix) {
        names.append(String(name.dropLast(suffix.count)))
      }
    }
    var keys: [String] = []
    for name in names {
      let key = plain(module(of: name))
      if !key.isEmpty, !keys.contains(key) { keys.append(key) }
    }
    return keys
  }

  /// The module in a name of PyTorch's export, whose parts repeat what stands before them: `/layer1/layer1.0/conv1/Conv`
  /// is `layer1.0.conv1`. Other names stay.
  static func module(of name: String) -> String {
    guard name.hasPrefix("/") else { return name }
    var module = ""
    // The last part is the operator.
    for part in name.split(separator: "/").dropLast() {
      if module.isEmpty || part.hasPrefix(module + ".") {
        module = String(part)
      } else {
        module += "." + part
      }
    }
    return module
  }

  static func plain(_ name: String) -> String {
    var result = ""
    for character in name.lowercased() {
      if character.isLetter || character.isNumber {
        result.append(character)
      } else if result.last != "_" {
        result.append("_")
      }
    }
    return result
  }
}
