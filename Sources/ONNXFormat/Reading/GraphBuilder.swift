import ModelIR

/// Turns a parsed graph into the project's own: nodes become operators, and nodes that only compute shapes vanish.
struct GraphBuilder {
  /// What a name in the file stands for.
  enum Known {
    /// What the graph computes when it runs.
    case value(ValueID)
    /// An initializer or the value of a Constant; `value` once a node of the graph reads it.
    case constant(Tensor, value: ValueID?)
    /// The result of shape arithmetic; `value` once a node of the graph reads it.
    case partial(PartialTensor, value: ValueID?)
  }

  let message: GraphMessage
  let opset: Int
  let context: ParseContext
  let loader: TensorLoader
  /// Extents to set for open ones, by their names.
  let dimensions: [String: Int]
  var graph: Graph
  /// Nodes that stand for a MatMul, by their index in the graph: a bias may follow.
  var matMuls = Set<Int>()
  private var known: [String: Known] = [:]
  /// Names that the file uses for values, and for nodes.
  private var valueNames = Set<String>()
  private var nodeNames = Set<String>()
  private var usedNodeNames = Set<String>()
  private var lastNumbers: [String: Int] = [:]

  init(
    _ message: GraphMessage, opset: Int, context: ParseContext, loader: TensorLoader,
    dimensions: [String: Int]
  ) {
    self.message = message
    self.opset = opset
    self.context = context
    self.loader = loader
    self.dimensions = dimensions
    graph = Graph(name: message.name)
    for node in message.nodes {
      valueNames.formUnion(node.outputs)
      nodeNames.insert(node.name)
    }
    valueNames.formUnion(message.inputs.map(\.name))
    valueNames.formUnion(message.initializers.map(\.name))
  }

  var path: String { context.path }

  /// The finished graph.
  mutating func build() throws(ONNXError) -> Graph {
    try addInitializers()
    try addInputs()
    for (index, message) in message.nodes.enumerated() {
      let name = nodeName(message, index: index)
      var node = try NodeReader(message, name: name, opset: opset, path: path)
      try checkInputs(node, index: index)
      try add(&node)
    }
    try addOutputs()
    fuseMatMulBias()
    return graph
  }

  private func invalid(_ place: String, _ expected: String, _ found: String) -> ONNXError {
    .invalidModel(path: path, place: place, expected: expected, found: found)
  }

  private mutating func addInitializers() throws(ONNXError) {
    for initializer in message.initializers {
      guard !initializer.name.isEmpty else { throw invalid(initializer.place, "a name", "none") }
      guard known[initializer.name] == nil else {
        throw invalid(initializer.place, "a name of its own", "a second \(initializer.name)")
      }
      known[initializer.name] = .constant(
        try loader.tensor(initializer, name: initializer.name), value: nil)
    }
  }

  private mutating func addInputs() throws(ONNXError) {
    var names = Set<String>()
    for input in message.inputs {
      let place = "graph input \(input.name)"
      guard !input.name.isEmpty else { throw invalid("graph input", "a name", "none") }
      guard names.insert(input.name).inserted else { throw invalid(place, "one of that name", "two") }
      // Until version 3 of the format every initializer was listed as an input too.
      if known[input.name] != nil { continue }
      guard let type = try type(of: input, place: place) else {
        throw invalid(place, "a type and a shape", "none")
      }
      known[input.name] = .value(
        try Self.wrap(path) { () throws(GraphError) in try graph.addInput(input.name, type) })
    }
  }

  /// The declared type of an input or output; nil if the file gives no type or no shape.
  private func type(of value: ValueMessage, place: String) throws(ONNXError) -> TensorType? {
    guard let number = value.elementType, let extents = value.extents else { return nil }
    guard let dataType = DataType(onnxNumber: number) else {
      throw invalid(place, "a type of numbers", DataType.onnxName(number))
    }
    var result: [Dimension] = []
    for (axis, extent) in extents.enumerated() {
      if let value = extent.value {
        guard value > 0 else { throw invalid("\(place), axis \(axis)", "a positive extent", "\(value)") }
        result.append(.fixed(Int(value)))
      } else {
        let name = extent.name.isEmpty ? "\(value.name)_dim_\(axis)" : extent.name
        if let bound = dimensions[name] {
          guard bound > 0 else { throw invalid("extent given for \(name)", "a positive one", "\(bound)") }
          result.append(.fixed(bound))
        } else {
          result.append(.symbolic(name))
        }
      }
    }
    guard TensorShape(checking: result.compactMap(\.value)) != nil else {
      throw invalid(place, "a size in range", "\(TensorType(dataType, result))")
    }
    return TensorType(dataType, result)
  }

  private mutating func addOutputs() throws(ONNXError) {
    guard !message.outputs.isEmpty else { throw invalid("graph", "an output", "none") }
    for output in message.outputs {
      let place = "graph output \(output.name)"
      let path = path
      let id = try materialized(output.name) {
        .invalidModel(path: path, place: place, expected: "a known value", found: "\($0)")
      }
      guard let id else {
        throw invalid(place, "a node that produces it", "none")
      }
      graph.addOutput(id)
      let found = graph[id].type
      if let number = output.elementType, number != 0, number != Int64(found.dataType.onnxNumber) {
        throw invalid(place, found.dataType.rawValue, "\(DataType.onnxName(number)) declared")
      }
      guard let declared = output.extents else { continue }
      let isSame =
        declared.count == found.rank
        && zip(declared, found.dimensions).allSatisfy { declared, found in
          guard let value = declared.value, let known = found.value else { return true }
          return value == known
        }
      if !isSame {
        let shape = declared.map { extent in extent.value.map { "\($0)" } ?? extent.name }
        throw invalid(place, "\(found)", "a declared shape [\(shape.joined(separator: ", "))]")
      }
    }
  }

  /// Fails if a node reads what is not there yet, saying why it is not.
  private func checkInputs(_ node: NodeReader, index: Int) throws(ONNXError) {
    for value in node.message.inputs where !value.isEmpty && known[value] == nil {
      guard let producer = message.nodes.indices.first(where: { message.nodes[$0].outputs.contains(value) })
      else {
        throw .missingValue(path: path, node: node.name, op: node.message.op, value: value)
      }
      if depends(producer, on: index) { throw .cycle(path: path, node: node.name, value: value) }
      throw .unsorted(
        path: path, node: node.name, value: value, producer: displayName(message.nodes[producer], producer))
    }
  }

  /// Whether a node reads, directly or not, what another produces.
  private func depends(_ index: Int, on other: Int) -> Bool {
    var producers: [String: Int] = [:]
    for (index, node) in message.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    var visited = Set([index])
    var pending = [index]
    while let current = pending.popLast() {
      if current == other { return true }
      for input in message.nodes[current].inputs {
        if let producer = producers[input], visited.insert(producer).inserted { pending.append(producer) }
      }
    }
    return false
  }

  // MARK: Names

  private func displayName(_ node: NodeMessage, _ index: Int) -> String {
    if !node.name.isEmpty { return node.name }
    return node.outputs.first { !$0.isEmpty } ?? "\(node.op)_\(index)"
  }

  /// The file's name of a node; one that is empty is replaced by the output's, and one used twice gets a number.
  private mutating func nodeName(_ node: NodeMessage, index: Int) -> String {
    if !node.name.isEmpty && usedNodeNames.insert(node.name).inserted { return node.name }
    return newNodeName(displayName(node, index))
  }

  /// A name for a node that the file does not have.
  mutating func newNodeName(_ base: String) -> String {
    newName(base) { $0.nodeNames.contains($1) || !$0.usedNodeNames.insert($1).inserted }
  }

  /// A name for a value that the file does not have.
  mutating func newValueName(_ base: String) -> String {
    newName(base) { !$0.valueNames.insert($1).inserted }
  }

  /// The base, or the base with the first number that is free.
  private mutating func newName(_ base: String, isTaken: (inout GraphBuilder, String) -> Bool) -> String {
    var name = base
    while isTaken(&self, name) {
      // Counting on from the last number keeps a file of one name from costing quadratic time.
      lastNumbers[base, default: 0] += 1
      name = "\(base)_\(lastNumbers[base, default: 0])"
    }
    return name
  }

  // MARK: Values

  /// What a name stands for.
  func lookUp(_ name: String) -> Known? { known[name] }

  /// Sets what the node's output stands for.
  mutating func define(_ node: NodeReader, _ value: Known) throws(ONNXError) {
    if case .partial(let partial, _) = value { try context.takeArithmetic(partial, node) }
    try define(node, output: try node.output(), value)
  }

  private mutating func define(_ node: NodeReader, output: String, _ value: Known) throws(ONNXError) {
    guard known[output] == nil else {
      throw node.failure("output \(output)", expected: "a value of its own", found: "one that exists already")
    }
    known[output] = value
  }

  /// Adds an operator whose output is the node's.
  mutating func add(_ node: NodeReader, _ op: Operator, inputs: [ValueID?]) throws(ONNXError) {
    let output = try node.output()
    guard known[output] == nil else {
      throw node.failure("output \(output)", expected: "a value of its own", found: "one that exists already")
    }
    try node.finish()
    let ids = try Self.wrap(path) { () throws(GraphError) in
      try graph.addNode(node.name, op, inputs: inputs, outputNames: [output])
    }
    known[output] = .value(ids[0])
  }

  /// The value of a name in the graph; constants are added when they are first needed. nil if there is no such name.
  mutating func materialized(
    _ name: String, orThrow failure: (PartialTensor) -> ONNXError
  ) throws(ONNXError) -> ValueID? {
    switch known[name] {
    case nil: return nil
    case .value(let id): return id
    case .constant(_, let id?), .partial(_, let id?): return id
    case .constant(let tensor, nil):
      let id = try Self.wrap(path) { () throws(GraphError) in try graph.addInitializer(name, tensor) }
      known[name] = .constant(tensor, value: id)
      return id
    case .partial(let partial, nil):
      guard let tensor = partial.tensor else { throw failure(partial) }
      let id = try Self.wrap(path) { () throws(GraphError) in try graph.addInitializer(name, tensor) }
      known[name] = .partial(partial, value: id)
      return id
    }
  }

  /// Lets errors of the graph name the file.
  static func wrap<Result>(
    _ path: String, _ body: () throws(GraphError) -> Result
  ) throws(ONNXError) -> Result {
    do throws(GraphError) {
      return try body()
    } catch {
      if case .invalidNode(let node, let op, let place, let expected, let found) = error {
        throw .invalidNode(path: path, node: node, op: op, place: place, expected: expected, found: found)
      }
      throw .graph(path: path, error: error)
    }
  }
}
