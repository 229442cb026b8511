import FileIO
import ModelIR

extension GraphBuilder {
  /// What a name stands for.
  func lookUp(_ name: String) -> Known? { known[name] }

  /// Sets what the node's output stands for.
  mutating func define(_ node: NodeReader, _ value: Known) throws(ScaleNetError) {
    try define(node, output: try node.output(), value)
  }

  /// Sets what one of the node's outputs stands for.
  mutating func define(_ node: NodeReader, output: String, _ value: Known) throws(ScaleNetError) {
    if case .partial(let partial, _) = value { try context.takeArithmetic(partial, node) }
    guard known[output] == nil else {
      throw node.failure("output \(output)", expected: "a value of its own", found: "one that exists already")
    }
    known[output] = value
  }

  /// Notes that an output, if the node names it, is one that must not be read.
  mutating func leaveOut(_ node: NodeReader, output index: Int, because reason: String) throws(ScaleNetError)
  {
    guard index < node.message.outputs.count, !node.message.outputs[index].isEmpty else { return }
    let name = node.message.outputs[index]
    try define(
      node, output: name,
      .unavailable(
        node.failure("output \(index)", expected: "nothing that reads \(name), \(reason)", found: "a reader"))
    )
  }

  /// Adds an operator whose output is the node's only one.
  mutating func add(_ node: NodeReader, _ op: Operator, inputs: [ValueID?]) throws(ScaleNetError) {
    try add(node, op, inputs: inputs, output: try node.output())
  }

  /// Adds an operator whose output is that one of the node.
  mutating func add(
    _ node: NodeReader, _ op: Operator, inputs: [ValueID?], output: String
  ) throws(ScaleNetError) {
    try node.finish()
    try add(node, named: node.name, op, inputs: inputs, output: output)
  }

  /// Adds an operator under a name of its own.
  mutating func add(
    _ node: NodeReader, named name: String, _ op: Operator, inputs: [ValueID?], output: String
  ) throws(ScaleNetError) {
    guard known[output] == nil else {
      throw node.failure("output \(output)", expected: "a value of its own", found: "one that exists already")
    }
    let id = try addOperator(name, op, inputs: inputs, output: output)
    if let tensor = graph.initializer(id) {
      known[output] = .constant(tensor, value: id)
    } else {
      known[output] = .value(id)
    }
  }

  /// Adds an operator that the file's node needs before its own: `suffix` says what it does.
  mutating func addStep(
    _ node: NodeReader, _ suffix: String, _ op: Operator, inputs: [ValueID?]
  ) throws(ScaleNetError) -> ValueID {
    let name = newNodeName("\(node.name).\(suffix)")
    let output = newValueName("\(node.message.outputs.first { !$0.isEmpty } ?? node.name).\(suffix)")
    return try addOperator(name, op, inputs: inputs, output: output)
  }

  /// Adds an operator to the graph. Where its result has no elements, nothing has to be computed.
  private mutating func addOperator(
    _ name: String, _ op: Operator, inputs: [ValueID?], output: String
  ) throws(ScaleNetError) -> ValueID {
    let id = try Self.wrap(path) { () throws(ScaleNetError) in
      try graph.addNode(name, op, inputs: inputs, outputNames: [output])[0]
    }
    let type = graph[id].type
    if let shape = type.shape, shape.elementCount == 0 {
      graph.nodes.removeLast()
      do throws(ScaleNetError) {
        graph[id].initializer = try Tensor(type.dataType, shape, storage: loader.file.slice(0..<0))
      } catch {
        throw .unreadableTensor(path: path, tensor: output, error: error)
      }
    }
    return id
  }

  /// The value of a name in the graph; constants are added when they are first needed. nil if there is no such name.
  mutating func materialized(
    _ name: String, orThrow failure: (PartialTensor) -> ScaleNetError
  ) throws(ScaleNetError) -> ValueID? {
    switch known[name] {
    case nil: return nil
    case .unavailable(let error): throw error
    case .value(let id): return id
    case .constant(_, let id?), .partial(_, let id?): return id
    case .constant(let tensor, nil):
      let id = try Self.wrap(path) { () throws(ScaleNetError) in try graph.addInitializer(name, tensor) }
      known[name] = .constant(tensor, value: id)
      return id
    case .partial(let partial, nil):
      guard let tensor = partial.tensor else { throw failure(partial) }
      let id = try Self.wrap(path) { () throws(ScaleNetError) in try graph.addInitializer(name, tensor) }
      known[name] = .partial(partial, value: id)
      return id
    }
  }
}
