import FileIO
import ModelIR

extension GraphBuilder {
  /// Bodies inside of each other, the graph's own included.
  private static let deepest = 16

  /// What a name in the body that is being read is called in the graph; nil if the body does not know it.
  func resolve(_ name: String) -> String? {
    for body in bodies.reversed() {
      if let resolved = body.names[name] { return resolved }
      if !body.seesOuter { return nil }
    }
    return name
  }

  /// Adds the nodes of the innermost body, and leaves it.
  mutating func addNodes() throws(ScaleNetError) {
    let body = bodies[bodies.count - 1]
    for (index, message) in body.nodes.enumerated() {
      try checkInputs(message, index: index, in: body)
      var node = try reader(message, index: index, in: body)
      try add(&node)
    }
    bodies.removeLast()
  }

  /// A node in the names of the graph.
  private mutating func reader(
    _ message: NodeMessage, index: Int, in body: Body
  ) throws(ScaleNetError) -> NodeReader {
    guard bodies.count > 1 else {
      if let attribute = message.attributes.first(where: { $0.reference != nil }) {
        throw .malformed(
          path: path, place: "\(attribute.place).ref_attr_name", offset: 0,
          expected: "a value, outside of a function", found: "a reference to an attribute")
      }
      return try NodeReader(message, name: nodeName(message, index: index), opset: opset, path: path)
    }
    var message = message
    let name = newNodeName("\(body.prefix).\(displayName(message, index))")
    for index in message.inputs.indices where !message.inputs[index].isEmpty {
      message.inputs[index] = resolve(message.inputs[index]) ?? ""
    }
    for index in message.outputs.indices where !message.outputs[index].isEmpty {
      message.outputs[index] = resolve(message.outputs[index]) ?? ""
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
    return try NodeReader(message, name: name, opset: opset, path: path)
  }

  /// Enters a body: its nodes are added, and names of it that are free stay as they are.
  private mutating func enter(_ body: Body, _ node: NodeReader) throws(ScaleNetError) {
    guard bodies.count < Self.deepest else {
      throw node.failure(
        "body", expected: "at most \(Self.deepest) graphs and functions inside of each other", found: "more")
    }
    bodies.append(body)
    let isGraph = body.function == nil
    for name in body.nodes.lazy.flatMap(\.outputs) where !name.isEmpty && bodies.last?.names[name] == nil {
      let base = isGraph && !valueNames.contains(name) ? name : "\(body.prefix).\(name)"
      bodies[bodies.count - 1].names[name] = newValueName(base)
    }
  }

  // MARK: Functions

  /// Adds the nodes of the function that a node calls; false if there is no such function.
  mutating func addCall(_ node: inout NodeReader) throws(ScaleNetError) -> Bool {
    let key = FunctionMessage.Key(
      domain: node.message.domain, name: node.message.op, overload: node.message.overload)
    guard let function = functions[key] else { return false }
    guard !bodies.contains(where: { $0.function == key }) else {
      throw node.failure("function", expected: "one that does not call itself", found: key.name)
    }
    try node.requireInputs(atMost: function.inputs.count)
    guard node.message.outputs.count <= function.outputs.count else {
      throw node.failure(
        "outputs", expected: "at most \(function.outputs.count)", found: "\(node.message.outputs.count)")
    }
    var attributes: [String: AttributeMessage] = [:]
    for attribute in function.standardAttributes { attributes[attribute.name] = attribute }
    for name in function.attributeNames + function.standardAttributes.map(\.name) {
      if let given = node.attribute(name) { attributes[name] = given }
    }
    try node.finish()
    var body = Body(nodes: function.nodes, opset: try opset(of: function, node), seesOuter: false)
    body.attributes = attributes
    body.function = key
    body.prefix = node.name
    for (index, name) in function.inputs.enumerated() { body.names[name] = node.input(index) ?? "" }
    var passedOn: [(output: String, source: String)] = []
    for (name, output) in zip(function.outputs, node.message.outputs) where !output.isEmpty {
      if let source = body.names[name] {
        passedOn.append((output, source))
      } else {
        body.names[name] = output
      }
    }
    let produced = Set(function.nodes.flatMap(\.outputs))
    if let name = function.outputs.first(where: { body.names[$0] == nil && !produced.contains($0) }) {
      throw node.failure("function", expected: "a node that produces its output \(name)", found: "none")
    }
    try enter(body, node)
    try addNodes()
    for (output, source) in passedOn { try pass(node, source, on: output) }
    return true
  }

  private func opset(of function: FunctionMessage, _ node: NodeReader) throws(ScaleNetError) -> Int {
    let own = function.opsets.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let version = own.first?.version else { return opset }
    guard own.allSatisfy({ $0.version == version }), ONNXVersion.readableOpsets.contains(Int(version)) else {
      throw node.failure(
        "opset_import of the function", expected: ONNXVersion.text(ONNXVersion.readableOpsets),
        found: own.map { "\($0.version)" }.joined(separator: " and "))
    }
    return Int(version)
  }

  /// Lets an output of a node be what a name stands for already.
  private mutating func pass(
    _ node: NodeReader, _ source: String, on output: String
  ) throws(ScaleNetError) {
    switch known[source] {
    case nil:
      throw node.failure("output \(output)", expected: "a value", found: "none")
    case .value(let id):
      // A value of its own keeps the names of outputs as the file has them.
      let name = newNodeName("\(node.name).\(output)")
      try add(node, named: name, .identity(Identity()), inputs: [id], output: output)
    case .constant(let tensor, _): try define(node, output: output, .constant(tensor, value: nil))
    case .partial(let partial, _): try define(node, output: output, .partial(partial, value: nil))
    case .unavailable(let error): throw error
    }
  }

  // MARK: Branches

  /// Adds the nodes of the branch that a known condition takes.
  mutating func addIf(_ node: inout NodeReader) throws(ScaleNetError) {
    guard let condition = try constant(node, 0, "cond"), condition.elements.count == 1,
      case .integer(let truth) = condition.elements[0]
    else {
      throw node.failure("input cond", expected: "one known truth value", found: "none")
    }
    let (taken, other) = truth == 0 ? ("else_branch", "then_branch") : ("then_branch", "else_branch")
    let branch = try node.graph(taken)
    node.ignore(other)
    try node.finish()
    let message = try loader.file.withBytes { (bytes) throws(ScaleNetError) in
      try GraphMessage(bytes, branch.range, place: branch.place, context: context)
    }
    guard message.inputs.isEmpty, message.outputs.count == node.message.outputs.count else {
      throw node.failure(
        "attribute \(taken)", expected: "no inputs and \(node.message.outputs.count) outputs",
        found: "\(message.inputs.count) and \(message.outputs.count)")
    }
    var body = Body(nodes: message.nodes, opset: opset)
    body.attributes = bodies[bodies.count - 1].attributes
    body.prefix = node.name
    for initializer in message.initializers where !initializer.name.isEmpty {
      body.names[initializer.name] = newValueName("\(node.name).\(initializer.name)")
    }
    let produced = Set(message.nodes.lazy.flatMap(\.outputs))
    var passedOn: [(output: String, source: String)] = []
    for (result, output) in zip(message.outputs, node.message.outputs) where !output.isEmpty {
      if produced.contains(result.name), body.names[result.name] == nil {
        body.names[result.name] = output
      } else {
        guard let source = body.names[result.name] ?? resolve(result.name) else {
          throw node.failure("output \(output)", expected: "a value", found: "none")
        }
        passedOn.append((output, source))
      }
    }
    try enter(body, node)
    try addInitializers(message.initializers)
    try addNodes()
    for (output, source) in passedOn { try pass(node, source, on: output) }
  }

  // MARK: Order

  /// Fails if a node reads what is not there yet, saying why it is not.
  private func checkInputs(_ node: NodeMessage, index: Int, in body: Body) throws(ScaleNetError) {
    for value in node.inputs where !value.isEmpty {
      let name = resolve(value)
      // An input that the call leaves out.
      if name == "" { continue }
      switch name.flatMap({ known[$0] }) {
      case .unavailable(let error): throw error
      case nil: break
      default: continue
      }
      let display = displayName(node, index)
      guard let producer = body.nodes.indices.first(where: { body.nodes[$0].outputs.contains(value) }) else {
        throw .missingValue(path: path, node: display, op: node.op, value: value)
      }
      if Self.depends(producer, on: index, in: body.nodes) {
        throw .cycle(path: path, node: display, value: value)
      }
      throw .unsorted(
        path: path, node: display, value: value, producer: displayName(body.nodes[producer], producer))
    }
  }

  /// Whether a node reads, directly or not, what another produces.
  private static func depends(_ index: Int, on other: Int, in nodes: [NodeMessage]) -> Bool {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    var visited = Set([index])
    var pending = [index]
    while let current = pending.popLast() {
      if current == other { return true }
      for input in nodes[current].inputs {
        if let producer = producers[input], visited.insert(producer).inserted { pending.append(producer) }
      }
    }
    return false
  }
}
