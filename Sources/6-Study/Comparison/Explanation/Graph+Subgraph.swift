import FileIO
import ModelIR

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
