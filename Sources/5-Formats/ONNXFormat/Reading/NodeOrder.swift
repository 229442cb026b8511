import FileIO

/// Which nodes of a body are needed for some of its values, and an order in which they can run.
struct NodeOrder {
  /// Indices of nodes; in the file's order wherever that is one in which they can run.
  private(set) var indices: [Int] = []
  /// Whether the file has the nodes in an order in which they can run.
  private(set) var isSorted = true
  /// The names that needed nodes, or those who want the body's values, read.
  private(set) var read: Set<String>

  /// What a needed node reads of what other nodes produce.
  private var sources: [[(producer: Int, value: String)]]

  /// - Parameters:
  ///   - captured: names that the bodies in a node's attributes read from outside.
  ///   - cycle: the error for a node that depends on itself by a value.
  init(
    _ nodes: [NodeMessage], for wanted: [String],
    captured: (NodeMessage) throws(ScaleNetError) -> Set<String>,
    cycle: (_ index: Int, _ value: String) -> ScaleNetError
  ) throws(ScaleNetError) {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty && producers[output] == nil {
        producers[output] = index
      }
    }
    sources = Array(repeating: [], count: nodes.count)
    read = Set(minimumCapacity: 2 * nodes.count + wanted.count)
    read.formUnion(wanted)
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    var pending = wanted.compactMap { producers[$0] }
    while let index = pending.popLast() {
      if isNeeded[index] { continue }
      isNeeded[index] = true
      var names = nodes[index].inputs
      if nodes[index].attributes.contains(where: \.isGraph) { names += try captured(nodes[index]).sorted() }
      for name in names {
        read.insert(name)
        guard let producer = producers[name] else { continue }
        sources[index].append((producer, name))
        if producer >= index { isSorted = false }
        pending.append(producer)
      }
    }
    let needed = nodes.indices.filter { isNeeded[$0] }
    if isSorted {
      indices = needed
    } else {
      try sort(needed, cycle: cycle)
    }
  }

  /// Every node after those that it reads, depth first.
  private mutating func sort(
    _ needed: [Int], cycle: (_ index: Int, _ value: String) -> ScaleNetError
  ) throws(ScaleNetError) {
    var isDone = [Bool](repeating: false, count: sources.count)
    var isOpen = isDone
    for root in needed where !isDone[root] {
      // What is being sorted, and how many of its sources are.
      var path = [(index: root, count: 0)]
      isOpen[root] = true
      while let (index, count) = path.last {
        guard count < sources[index].count else {
          path.removeLast()
          isOpen[index] = false
          isDone[index] = true
          indices.append(index)
          continue
        }
        path[path.count - 1].count += 1
        let producer = sources[index][count].producer
        if isDone[producer] { continue }
        if isOpen[producer] {
          let frame = path.first { $0.index == producer } ?? path[path.count - 1]
          throw cycle(producer, sources[producer][frame.count - 1].value)
        }
        isOpen[producer] = true
        path.append((producer, 0))
      }
    }
  }
}
