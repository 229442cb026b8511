import FileIO
import ModelIR

extension GraphReader {
  /// Adds the nodes of the innermost body that some of its values need, by its own names.
  mutating func addNodes(for wanted: [String]) throws(ScaleNetError) {
    let body = scope.body
    try checkOutputs(of: body)
    let path = path
    let reader = self
    let order = try NodeOrder(
      body.nodes, for: wanted,
      captured: { (node) throws(ScaleNetError) in try reader.captured(by: node) },
      cycle: { index, value in
        .cycle(path: path, node: Scope.displayName(body.nodes[index], index), value: value)
      })
    if !order.isSorted {
      note("nodes stand before others whose outputs they read; they were sorted")
    }
    for index in order.indices {
      try checkInputs(body.nodes[index], index: index)
      var node = try nodeReader(
        body.nodes[index], index: index, in: body,
        readOutputs: body.nodes[index].outputs.map { order.read.contains($0) })
      try read(&node)
    }
  }

  /// Adds what a node of the file stands for.
  private mutating func read(_ node: inout NodeReader) throws(ScaleNetError) {
    if try addCall(&node) { return }
    let domain = node.message.domain == "ai.onnx" ? "" : node.message.domain
    guard OperatorTable.domains.contains(domain) else {
      throw node.failure("domain", expected: "ONNX's own", found: domain)
    }
    guard node.message.overload.isEmpty else {
      throw node.failure("overload", expected: "none", found: node.message.overload)
    }
    guard let handler = OperatorTable.handler(domain: domain, op: node.message.op) else {
      throw node.failure("op_type", expected: "an operator that is supported here", found: node.message.op)
    }
    guard handler.isDefined(opset: node.opset) else {
      throw node.failure(
        "op_type", expected: "an operator of opset \(node.opset)",
        found: "\(node.message.op), which is defined in opset \(handler.versions)")
    }
    try handler.read(&node, &self)
  }

  /// A node in the names of the graph.
  private mutating func nodeReader(
    _ message: NodeMessage, index: Int, in body: Body, readOutputs: [Bool]
  ) throws(ScaleNetError) -> NodeReader {
    guard scope.bodies.count > 1 else {
      if let attribute = message.attributes.first(where: { $0.reference != nil }) {
        throw .malformed(
          path: path, place: "\(attribute.place).ref_attr_name", offset: 0,
          expected: "a value, outside of a function", found: "a reference to an attribute")
      }
      return try NodeReader(
        message, name: scope.nodeName(message, index: index), opset: opset, path: path,
        readOutputs: readOutputs)
    }
    var message = message
    let name = scope.nodeNames.new("\(body.prefix).\(Scope.displayName(message, index))")
    for index in message.inputs.indices where !message.inputs[index].isEmpty {
      message.inputs[index] = scope.resolve(message.inputs[index]) ?? ""
    }
    for index in message.outputs.indices where !message.outputs[index].isEmpty {
      message.outputs[index] = scope.resolve(message.outputs[index]) ?? ""
    }
    try context.takeInlined(
      message.inputs.reduce(name.utf8.count) { $0 + $1.utf8.count }, path: path, node: name)
    var attributes: [AttributeMessage] = []
    for attribute in message.attributes {
      guard let reference = attribute.reference else {
        attributes.append(attribute)
        continue
      }
      // One that the call leaves out is left out here.
      guard let given = body.attributes?[reference] else { continue }
      guard let value = given.value(for: attribute) else {
        throw .invalidNode(
          path: path, node: name, op: message.op, place: "attribute \(attribute.name)",
          expected: "the type that it states", found: "\(given.kindName) of the call's attribute \(reference)"
        )
      }
      attributes.append(value)
    }
    message.attributes = attributes
    return try NodeReader(message, name: name, opset: opset, path: path, readOutputs: readOutputs)
  }

  // MARK: Checks

  /// Fails if two nodes give a value of one name, or one gives a value that is there already.
  private func checkOutputs(of body: Body) throws(ScaleNetError) {
    var names = Set<String>(minimumCapacity: body.nodes.count)
    for (index, node) in body.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        let isTaken = scope.resolve(output).flatMap { scope.operand($0) } != nil
        guard names.insert(output).inserted, !isTaken else {
          throw .invalidNode(
            path: path, node: Scope.displayName(node, index), op: node.op, place: "output \(output)",
            expected: "a value of its own", found: "one that exists already")
        }
      }
    }
  }

  /// Fails if a node reads what is not there, saying why it is not.
  private func checkInputs(_ node: NodeMessage, index: Int) throws(ScaleNetError) {
    for value in node.inputs where !value.isEmpty {
      let name = scope.resolve(value)
      // An input that the call leaves out.
      if name == "" { continue }
      guard let operand = name.flatMap({ scope.operand($0) }) else {
        throw .missingValue(path: path, node: Scope.displayName(node, index), op: node.op, value: value)
      }
      if case .unavailable(let error) = scope[operand] { throw error }
    }
  }

  /// The names that the bodies in a node's attributes read from around them.
  private func captured(by node: NodeMessage) throws(ScaleNetError) -> Set<String> {
    var result = Set<String>()
    // Other operators with bodies are refused.
    guard node.op == "If" else { return result }
    for attribute in node.attributes {
      guard case .graph(let range) = attribute.value else { continue }
      result.formUnion(try captured(range, place: "\(attribute.place).g", depth: 1))
    }
    return result
  }

  private func captured(
    _ range: Range<Int>, place: String, depth: Int
  ) throws(ScaleNetError) -> Set<String> {
    guard depth < Scope.deepest else {
      throw invalid(place, "at most \(Scope.deepest) graphs inside of each other", "more")
    }
    let graph = try loader.file.withBytes { (bytes) throws(ScaleNetError) in
      try GraphMessage(bytes, range, place: place, context: context)
    }
    var read = Set(graph.outputs.map(\.name))
    for node in graph.nodes {
      read.formUnion(node.inputs)
      for attribute in node.attributes where node.op == "If" {
        guard case .graph(let range) = attribute.value else { continue }
        read.formUnion(try captured(range, place: "\(attribute.place).g", depth: depth + 1))
      }
    }
    read.subtract(graph.nodes.lazy.flatMap(\.outputs))
    read.subtract(graph.initializers.lazy.map(\.name))
    read.subtract(graph.inputs.lazy.map(\.name))
    read.remove("")
    return read
  }

  // MARK: Adding

  /// Adds an operator of one output, which is the node's only one.
  mutating func add(_ node: NodeReader, _ op: Operator, _ inputs: [Operand?]) throws(ScaleNetError) {
    try add(node, op, inputs, output: try node.output())
  }

  /// Adds an operator of one output, which is that one of the node.
  mutating func add(
    _ node: NodeReader, _ op: Operator, _ inputs: [Operand?], output: String
  ) throws(ScaleNetError) {
    try node.finish()
    try define(node, output: output, try results(node, named: node.name, op, inputs, outputs: [output])[0])
  }

  /// Adds an operator of as many outputs as `count`, of which the node names some, in their order. Those that it names
  /// beyond them are not read.
  mutating func add(
    _ node: NodeReader, _ op: Operator, _ inputs: [Operand?], count: Int
  ) throws(ScaleNetError) {
    try node.finish()
    guard node.readOutputCount <= count else {
      throw node.failure("outputs", expected: "at most \(count)", found: "\(node.message.outputs.count)")
    }
    let named = node.message.outputs.prefix(count)
    var names: [String] = []
    for index in 0..<count {
      let name = index < named.count ? named[index] : ""
      names.append(name.isEmpty ? scope.valueNames.new("\(node.name).output\(index)") : name)
    }
    let found = try results(node, named: node.name, op, inputs, outputs: names)
    for (index, name) in named.enumerated() where !name.isEmpty {
      try define(node, output: name, found[index])
    }
  }

  /// Adds an operator under a name of its own, for one of several outputs of the node.
  mutating func addPart(
    _ node: NodeReader, _ op: Operator, _ inputs: [Operand?], output: String
  ) throws(ScaleNetError) {
    let name = scope.nodeNames.new("\(node.name).\(output)")
    try define(node, output: output, try results(node, named: name, op, inputs, outputs: [output])[0])
  }

  /// Adds an operator that the file's node needs before its own: `suffix` says what it does.
  mutating func step(
    _ node: NodeReader, _ suffix: String, _ op: Operator, _ inputs: [Operand?]
  ) throws(ScaleNetError) -> Operand {
    let name = scope.nodeNames.new("\(node.name).\(suffix)")
    let output = scope.valueNames.new(
      "\(node.message.outputs.first { !$0.isEmpty } ?? node.name).\(suffix)")
    let known = try results(node, named: name, op, inputs, outputs: [output])[0]
    return scope.define(output, known) ?? scope.add(output, known)
  }

  /// Adds such an operator of several outputs.
  mutating func steps(
    _ node: NodeReader, _ suffix: String, _ op: Operator, _ inputs: [Operand?], count: Int
  ) throws(ScaleNetError) -> [Operand] {
    let name = scope.nodeNames.new("\(node.name).\(suffix)")
    let names = (0..<count).map { scope.valueNames.new("\(node.name).\(suffix)\($0)") }
    let known = try results(node, named: name, op, inputs, outputs: names)
    return zip(names, known).map { name, known in scope.define(name, known) ?? scope.add(name, known) }
  }

  /// Sets what one of the node's outputs stands for.
  mutating func define(_ node: NodeReader, output: String, _ known: Known) throws(ScaleNetError) {
    guard scope.define(output, known) != nil else {
      throw node.failure("output \(output)", expected: "a value of its own", found: "one that exists already")
    }
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

  /// What the outputs of an operator are: computed here where the inputs are known, and otherwise by a new node of the
  /// graph.
  private mutating func results(
    _ node: NodeReader, named name: String, _ op: Operator, _ inputs: [Operand?], outputs: [String]
  ) throws(ScaleNetError) -> [Known] {
    if let known = known(inputs) {
      let types: [TensorType]
      do throws(ScaleNetError) {
        types = try inferTypes(op, known.map { $0?.type })
      } catch {
        throw node.failure(error)
      }
      if let results = try Self.inFile(
        path,
        { () throws(ScaleNetError) in
          try Evaluator.outputs(of: op, known, types: types, context: context)
        })
      {
        return results.map { .constant($0, value: nil) }
      }
    }
    var ids: [ValueID?] = []
    for (index, operand) in inputs.enumerated() {
      guard let operand else {
        ids.append(nil)
        continue
      }
      ids.append(
        try materialized(operand) {
          node.failure("input \(index)", expected: "a value or known elements", found: "\($0)")
        })
    }
    let values = try Self.inFile(path) { () throws(ScaleNetError) in
      try graph.addNode(name, op, inputs: ids, outputNames: outputs)
    }
    let shapes = values.map { graph[$0].type.shape }
    guard shapes.allSatisfy({ $0?.elementCount == 0 }) else { return values.map { .value($0) } }
    // Where results have no elements, nothing has to be computed.
    graph.nodes.removeLast()
    var results: [Known] = []
    for (id, shape) in zip(values, shapes) {
      do throws(ScaleNetError) {
        let tensor = try Tensor(
          graph[id].type.dataType, shape ?? [0], storage: loader.file.slice(0..<0))
        graph[id].initializer = tensor
        results.append(.constant(KnownTensor(tensor), value: id))
      } catch {
        throw .unreadableTensor(path: path, tensor: graph[id].name, error: error)
      }
    }
    return results
  }

  private func inferTypes(_ op: Operator, _ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let kind = op.kind
    guard kind.inputCount.contains(inputs.count) else {
      throw ScaleNetError(place: "inputs", expected: "\(kind.inputCount)", found: "\(inputs.count)")
    }
    return try kind.inferTypes(inputs)
  }
}
