public import FileIO

extension Graph {
  /// Checks every rule of a graph; called after every read and after every pass.
  ///
  /// Names are unique, every value is produced once and before it is read, operators accept their inputs, and the
  /// recorded types are those that shape inference finds.
  public func validate() throws(ScaleNetError) {
    // As many names as values are different ones.
    var names = hasUniqueNames ? nil : Set<String>()
    for value in values {
      guard !value.name.isEmpty, names?.insert(value.name).inserted != false else {
        throw .duplicateName(name: value.name)
      }
      if let tensor = value.initializer {
        let found = TensorType(tensor.dataType, tensor.shape)
        if found != value.type {
          throw .wrongType(value: value.name, expected: value.type.description, found: found.description)
        }
      }
    }
    var isDefined = values.map { $0.initializer != nil }
    for id in inputs {
      if isDefined[id.index] { throw .producedTwice(value: self[id].name, node: "graph input") }
      isDefined[id.index] = true
    }
    var nodeNames = Set<String>(minimumCapacity: nodes.count)
    for node in nodes {
      guard !node.name.isEmpty, nodeNames.insert(node.name).inserted else {
        throw .duplicateName(name: node.name)
      }
      for case let id? in node.inputs where !isDefined[id.index] {
        throw .undefinedValue(node: node.name, value: self[id].name)
      }
      let types = try inferTypes(node: node.name, op: node.op, inputs: node.inputs)
      guard types.count == node.outputs.count else {
        throw .invalidNode(
          node: node.name, op: node.op.name, place: "outputs", expected: "\(types.count)",
          found: "\(node.outputs.count)")
      }
      for (id, type) in zip(node.outputs, types) {
        if isDefined[id.index] { throw .producedTwice(value: self[id].name, node: node.name) }
        isDefined[id.index] = true
        if self[id].type != type {
          throw .wrongType(
            value: self[id].name, expected: type.description, found: self[id].type.description)
        }
      }
    }
    for id in outputs where !isDefined[id.index] { throw .undefinedOutput(value: self[id].name) }
  }
}
