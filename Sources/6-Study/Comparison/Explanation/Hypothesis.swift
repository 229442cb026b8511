import FileIO
import ModelIR

/// A change of one side that may be what the other side has.
struct Hypothesis {
  var kind: DiffReport.CauseKind
  /// The node it is about.
  var node: String?
  /// The parameter it is about.
  var tensor: String?
  /// What the changed side has, and what the other side has if the hypothesis holds: `epsilon 1e-05`, `epsilon 0.001`.
  var has: String
  var otherHas: String
  var edits: [GraphEdit]
  /// Whether normalisations are folded before the change.
  var foldsFirst = false
  /// The type that the inputs are rounded to, if that is part of the change.
  var inputType: DataType?
  /// The same change of another node; empty where it does not apply.
  var likewise: (Node, Graph) -> [GraphEdit] = { _, _ in [] }
}

/// A change of one node.
enum GraphEdit {
  case setOperator(node: String, Operator)
  /// Another tensor in the place of a parameter: the node's input of this number.
  case setParameter(node: String, input: Int, Tensor)
}

extension Graph {
  /// The graph with changes. Nodes that it does not have are passed over.
  func applying(_ edits: [GraphEdit]) throws(ScaleNetError) -> Graph {
    var graph = self
    for edit in edits {
      switch edit {
      case .setOperator(let name, let op):
        guard let index = graph.nodeIndex(named: name) else { continue }
        graph.nodes[index].op = op
      case .setParameter(let name, let input, let tensor):
        guard let index = graph.nodeIndex(named: name) else { continue }
        let id = try graph.addInitializer(graph.unusedName("\(name).changed.\(input)"), tensor)
        graph.nodes[index].inputs[input] = id
      }
    }
    try graph.inferAllTypes()
    return graph
  }

  /// The graph with every normalisation that can be folded in its convolution.
  func folded() throws(ScaleNetError) -> Graph {
    var graph = self
    try graph.apply([FoldBatchNormalization()])
    return graph
  }
}

extension Graph {
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
