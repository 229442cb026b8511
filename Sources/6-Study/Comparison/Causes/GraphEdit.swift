import FileIO
import ModelIR

/// A change of a graph. Nodes and values are addressed by name, so that one edit fits a graph and its parts.
enum GraphEdit {
  case setOperator(node: String, Operator)
  /// Another tensor in the place of a parameter, the node's input of this number; nil leaves the input out.
  case setParameter(node: String, input: Int, Tensor?)
  /// Other nodes in the place of one; the last of them makes its value.
  case replace(node: String, Transplant)
  /// Another source of what is read in some places.
  case rewire([Reader], Transplant)

  /// A place where a value is read.
  enum Reader: Hashable {
    case node(String, input: Int)
    /// The graph's outputs of this name.
    case output(String)
  }
}

/// Nodes of another graph that are set into this one, in the order of running; none if only an existing value is meant.
struct Transplant {
  enum Source {
    /// A value of the graph that is changed.
    case value(String)
    /// A constant of the other graph.
    case constant(name: String, Tensor)
    /// An output of an earlier node of the transplant.
    case node(Int, output: Int)
    /// An input that is left out.
    case none
  }

  struct Piece {
    var name: String
    var op: Operator
    var inputs: [Source]
  }

  var pieces: [Piece] = []
  var result: Source = .none
}

extension Graph {
  /// The graph with changes. Nodes that it does not have are passed over.
  func applying(_ edits: [GraphEdit]) throws(ScaleNetError) -> Graph {
    var graph = self
    var isRewired = false
    for edit in edits {
      switch edit {
      case .setOperator(let name, let op):
        guard let index = graph.nodeIndex(named: name) else { continue }
        graph.nodes[index].op = op
      case .setParameter(let name, let input, let tensor):
        guard let index = graph.nodeIndex(named: name) else { continue }
        guard let tensor else {
          // Optional inputs stand last.
          if input == graph.nodes[index].inputs.count - 1 {
            graph.nodes[index].inputs.removeLast()
          } else {
            graph.nodes[index].inputs[input] = nil
          }
          continue
        }
        let id = try graph.addInitializer(graph.unusedName("\(name).changed.\(input)"), tensor)
        while graph.nodes[index].inputs.count <= input { graph.nodes[index].inputs.append(nil) }
        graph.nodes[index].inputs[input] = id
      case .replace(let name, let transplant):
        guard let index = graph.nodeIndex(named: name), graph.nodes[index].outputs.count == 1,
          !transplant.pieces.isEmpty
        else { continue }
        let output = graph.nodes[index].outputs[0]
        guard try graph.add(transplant) != nil else { continue }
        graph.nodes[graph.nodes.count - 1].outputs = [output]
        graph.nodes.remove(at: index)
        isRewired = true
      case .rewire(let readers, let transplant):
        // A part of a graph may have none of the places.
        guard readers.contains(where: { graph.has($0) }) else { continue }
        guard let source = try graph.add(transplant) else { continue }
        for reader in readers { graph.rewire(reader, to: source) }
        isRewired = true
      }
    }
    if isRewired { try graph.sortNodes() }
    try graph.inferAllTypes()
    return graph
  }

  private func has(_ reader: GraphEdit.Reader) -> Bool {
    switch reader {
    case .node(let name, _): nodeIndex(named: name) != nil
    case .output(let name): outputs.contains { self[$0].name == name }
    }
  }

  private mutating func rewire(_ reader: GraphEdit.Reader, to source: ValueID) {
    switch reader {
    case .node(let name, let input):
      guard let index = nodeIndex(named: name), input < nodes[index].inputs.count else { return }
      nodes[index].inputs[input] = source
    case .output(let name):
      setOutputs(outputs.map { self[$0].name == name ? source : $0 })
    }
  }

  /// Adds the nodes of a transplant, before all others if need be sorted; nil if a value that it reads is not here.
  private mutating func add(_ transplant: Transplant) throws(ScaleNetError) -> ValueID? {
    var made: [[ValueID]] = []
    var isFound = true
    func resolve(_ source: Transplant.Source, in graph: inout Graph) throws(ScaleNetError) -> ValueID? {
      switch source {
      case .value(let name):
        let id = graph.value(named: name)
        if id == nil { isFound = false }
        return id
      case .constant(let name, let tensor):
        return try graph.addInitializer(graph.unusedName("\(name).other"), tensor)
      case .node(let index, let output): return made[index][output]
      case .none: return nil
      }
    }
    for piece in transplant.pieces {
      var inputs: [ValueID?] = []
      for source in piece.inputs { inputs.append(try resolve(source, in: &self)) }
      guard isFound else { return nil }
      var name = unusedName("\(piece.name).other")
      while nodeIndex(named: name) != nil { name = unusedName("\(name)_") }
      made.append(try addNode(name, piece.op, inputs: inputs))
    }
    let result = try resolve(transplant.result, in: &self)
    return isFound ? result : nil
  }

  /// Puts the nodes in an order in which they can run, keeping the one that they have where it is such.
  mutating func sortNodes() throws(ScaleNetError) {
    let producers = producers()
    var state = [UInt8](repeating: 0, count: nodes.count)
    var order: [Int] = []
    for root in nodes.indices where state[root] == 0 {
      var stack = [(node: root, next: 0)]
      state[root] = 1
      while let top = stack.last {
        let inputs = nodes[top.node].inputs
        if top.next == inputs.count {
          state[top.node] = 2
          order.append(top.node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        guard let id = inputs[top.next], let producer = producers[id.index], state[producer] != 2 else {
          continue
        }
        if state[producer] == 1 {
          throw .undefinedValue(node: nodes[top.node].name, value: self[id].name)
        }
        state[producer] = 1
        stack.append((producer, 0))
      }
    }
    nodes = order.map { nodes[$0] }
  }

  /// The graph with every normalisation that can be folded in its convolution.
  func folded() throws(ScaleNetError) -> Graph {
    var graph = self
    try graph.apply([FoldBatchNormalization()])
    return graph
  }

  /// The part of the graph that computes `outputs` from `inputs`; what it needs beyond these stays an input too. Names
  /// stay, values are numbered anew.
  func subgraph(inputs cut: Set<ValueID>, outputs: [ValueID]) throws(ScaleNetError) -> Graph {
    let producers = producers()
    var needed = Set<ValueID>()
    var nodesNeeded = Set<Int>()
    var waiting = outputs
    while let id = waiting.popLast() {
      guard needed.insert(id).inserted, !cut.contains(id), let node = producers[id.index] else { continue }
      nodesNeeded.insert(node)
      waiting += nodes[node].inputs.compactMap { $0 }
    }
    var part = Graph(name: name)
    var renumbered: [ValueID: ValueID] = [:]
    for id in needed.sorted() {
      if let tensor = self[id].initializer {
        renumbered[id] = try part.addInitializer(self[id].name, tensor)
      } else if cut.contains(id) || producers[id.index] == nil {
        renumbered[id] = try part.addInput(self[id].name, self[id].type)
      }
    }
    for index in nodesNeeded.sorted() {
      let node = nodes[index]
      let made = try part.addNode(
        node.name, node.op, inputs: node.inputs.map { id in id.flatMap { renumbered[$0] } },
        outputNames: node.outputs.map { self[$0].name })
      for (id, own) in zip(node.outputs, made) { renumbered[id] = own }
    }
    part.setOutputs(outputs.compactMap { renumbered[$0] })
    return part
  }

  /// The place of the node of this name.
  func nodeIndex(named name: String) -> Int? { nodes.firstIndex { $0.name == name } }
}
