public import FileIO

extension Graph {
  /// For each value, the indices of the nodes that read it, each once.
  public func consumers() -> [[Int]] {
    var consumers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() {
      for case let id? in node.inputs where consumers[id.index].last != index {
        consumers[id.index].append(index)
      }
    }
    return consumers
  }

  /// For each value, the index of the node that produces it; nil for inputs and initializers.
  public func producers() -> [Int?] {
    var producers = [Int?](repeating: nil, count: values.count)
    for (index, node) in nodes.enumerated() {
      for id in node.outputs { producers[id.index] = index }
    }
    return producers
  }

  /// Lets everything that reads `old`, graph outputs included, read `new`.
  public mutating func replaceUses(of old: ValueID, with new: ValueID) {
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == old {
        nodes[index].inputs[position] = new
      }
    }
    setOutputs(outputs.map { $0 == old ? new : $0 })
  }

  /// Infers all types anew, after an edit that can change them.
  public mutating func inferAllTypes() throws(ScaleNetError) {
    for node in nodes {
      let types = try inferTypes(node: node.name, op: node.op, inputs: node.inputs)
      for (id, type) in zip(node.outputs, types) { self[id].type = type }
    }
  }

  /// Open heights and widths of the inputs that are images, by their names, each once.
  package var openImageExtents: [String] {
    var names: [String] = []
    for id in inputs where self[id].type.rank == 4 {
      let type = self[id].type
      for dimension in type.dimensions[type.imageAxes] where dimension.value == nil {
        if !names.contains(dimension.description) { names.append(dimension.description) }
      }
    }
    return names
  }

  /// The same graph with every open extent of the inputs set to `batch`.
  public func binding(batch: Int) throws(ScaleNetError) -> Graph {
    var graph = self
    for id in inputs { graph[id].type = graph[id].type.binding(batch) }
    for index in graph.nodes.indices {
      // What an operator knows of open extents is bound with them.
      switch graph.nodes[index].op {
      case .computed(.expand(let known?)):
        graph.nodes[index].op = .computed(.expand(known: known.map { $0.binding(batch) }))
      case .computed(.constantOfShape(let value, let known?)):
        graph.nodes[index].op = .computed(
          .constantOfShape(value, known: known.map { $0.binding(batch) }))
      case .computed(.tile(let known?)):
        graph.nodes[index].op = .computed(.tile(known: known.map { $0.binding(batch) }))
      case .computed(.range(let known?)):
        graph.nodes[index].op = .computed(.range(known: known.binding(batch)))
      // No other operator holds extents of values.
      default: break
      }
    }
    try graph.inferAllTypes()
    return graph
  }

  /// Drops values that no node, input or output mentions, and numbers the rest anew, in the same order.
  public mutating func removeUnusedValues() {
    var isUsed = [Bool](repeating: false, count: values.count)
    for id in inputs + outputs { isUsed[id.index] = true }
    for node in nodes {
      for id in node.inputs { if let id { isUsed[id.index] = true } }
      for id in node.outputs { isUsed[id.index] = true }
    }
    var renumbered = [ValueID](repeating: ValueID(index: -1), count: values.count)
    var kept: [Value] = []
    for (index, value) in values.enumerated() where isUsed[index] {
      renumbered[index] = ValueID(index: kept.count)
      kept.append(value)
    }
    let nodes = nodes.map { node in
      var node = node
      node.inputs = node.inputs.map { $0.map { renumbered[$0.index] } }
      node.outputs = node.outputs.map { renumbered[$0.index] }
      return node
    }
    self = Graph(
      name: name, values: kept, nodes: nodes, inputs: inputs.map { renumbered[$0.index] },
      outputs: outputs.map { renumbered[$0.index] })
  }
}
