import FileIO
import ModelIR

extension GraphReader {
  /// Adds the nodes of the function that a node calls; false if there is no such function.
  mutating func addCall(_ node: inout NodeReader) throws(ScaleNetError) -> Bool {
    if functions.isEmpty { return false }
    let key = FunctionMessage.Key(
      domain: node.message.domain, name: node.message.op, overload: node.message.overload)
    guard let function = functions[key] else { return false }
    guard !scope.bodies.contains(where: { $0.function == key }) else {
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
    let produced = Set(function.nodes.lazy.flatMap(\.outputs))
    if let name = function.outputs.first(where: { body.names[$0] == nil && !produced.contains($0) }) {
      throw node.failure("function", expected: "a node that produces its output \(name)", found: "none")
    }
    var passedOn: [(output: String, source: String)] = []
    for (name, output) in zip(function.outputs, node.message.outputs) where !output.isEmpty {
      if let source = body.names[name] {
        passedOn.append((output, source))
      } else {
        body.names[name] = output
      }
    }
    let wanted = zip(function.outputs, node.message.outputs).filter { !$0.1.isEmpty }.map(\.0)
    try add(body, for: wanted, passingOn: passedOn, node)
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

  /// Adds the nodes of one of a node's graphs, whose outputs are the node's.
  mutating func addGraph(
    _ node: NodeReader, _ name: String, at location: (range: Range<Int>, place: String)
  ) throws(ScaleNetError) {
    let message = try loader.file.withBytes { (bytes) throws(ScaleNetError) in
      try GraphMessage(bytes, location.range, place: location.place, context: context)
    }
    guard message.inputs.isEmpty, message.outputs.count == node.message.outputs.count else {
      throw node.failure(
        "attribute \(name)", expected: "no inputs and \(node.message.outputs.count) outputs",
        found: "\(message.inputs.count) and \(message.outputs.count)")
    }
    var body = Body(nodes: message.nodes, opset: opset)
    body.attributes = scope.body.attributes
    body.prefix = node.name
    for initializer in message.initializers where !initializer.name.isEmpty {
      body.names[initializer.name] = scope.valueNames.new("\(node.name).\(initializer.name)")
    }
    let produced = Set(message.nodes.lazy.flatMap(\.outputs))
    var passedOn: [(output: String, source: String)] = []
    for (result, output) in zip(message.outputs, node.message.outputs) where !output.isEmpty {
      if produced.contains(result.name), body.names[result.name] == nil {
        body.names[result.name] = output
      } else {
        guard let source = body.names[result.name] ?? scope.resolve(result.name) else {
          throw node.failure("output \(output)", expected: "a value", found: "none")
        }
        passedOn.append((output, source))
      }
    }
    let wanted = zip(message.outputs, node.message.outputs).filter { !$0.1.isEmpty }.map(\.0.name)
    try add(body, for: wanted, passingOn: passedOn, initializers: message.initializers, node)
  }

  /// Reads a body in the place of a node.
  ///
  /// - Parameter passedOn: outputs of the node that are what another name stands for already.
  private mutating func add(
    _ body: Body, for wanted: [String], passingOn passedOn: [(output: String, source: String)],
    initializers: [TensorMessage] = [], _ node: NodeReader
  ) throws(ScaleNetError) {
    guard scope.bodies.count < Scope.deepest else {
      throw node.failure(
        "body", expected: "at most \(Scope.deepest) graphs and functions inside of each other", found: "more")
    }
    scope.enter(body)
    try addInitializers(initializers)
    try addNodes(for: wanted)
    scope.leave()
    for (output, source) in passedOn { try pass(node, source, on: output) }
  }

  /// Lets an output of a node be what a name stands for already.
  private mutating func pass(
    _ node: NodeReader, _ source: String, on output: String
  ) throws(ScaleNetError) {
    guard let operand = scope.operand(source) else {
      throw node.failure("output \(output)", expected: "a value", found: "none")
    }
    switch scope[operand] {
    // A value of its own keeps the names of outputs as the file has them.
    case .value: try addPart(node, .identity(Identity()), [operand], output: output)
    case .constant(let known, _): try define(node, output: output, .constant(known, value: nil))
    case .unavailable(let error): throw error
    }
  }
}
