public import FileIO

/// Writes functions that an opset has no operator for in operators that it has: Gelu before 20, Swish before 24, Mish before 18,
/// HardSwish before 14.
public struct SpellOutFunctions: GraphPass {
  /// The version of ONNX's operators that the graph is to be written in.
  public let opset: Int

  public init(opset: Int) {
    self.opset = opset
  }

  public var name: String { "spell out functions" }

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    var spelling = Spelling(graph)
    for node in graph.nodes {
      guard case .unary(let function) = node.op, let since = Self.opset(of: function), opset < since,
        let x = node.inputs.first ?? nil
      else {
        spelling.nodes.append(node)
        continue
      }
      try spelling.spell(function, x, as: node)
    }
    guard spelling.nodes.count > graph.nodes.count else { return false }
    graph = spelling.finished
    return true
  }

  /// The first opset that has a function; nil for those that all have, or that are in no simpler ones.
  private static func opset(of function: Unary) -> Int? {
    switch function {
    case .gelu: 20
    case .mish: 18
    case .hardSwish: 14
    case .swish: 24
    // All others are older, or say themselves that they need a later opset.
    default: nil
    }
  }
}

/// A graph whose nodes are made anew, in their order.
private struct Spelling {
  var nodes: [Node] = []
  private var graph: Graph
  private var names: UniqueNames

  init(_ graph: Graph) {
    self.graph = graph
    names = UniqueNames(reserving: Set(graph.nodes.map(\.name)))
  }

  var finished: Graph {
    var result = graph
    result.nodes = nodes
    return result
  }

  /// Formulas: Hendrycks and Gimpel (2016) for Gelu and its approximation, ONNX's own definitions for the others.
  mutating func spell(_ function: Unary, _ x: ValueID, as node: Node) throws(ScaleNetError) {
    let last: (op: Operator, inputs: [ValueID?])
    switch function {
    case .gelu(isTanh: false):
      let scaled = try add(
        node, "scaled", .binary(.div), [x, try number(node, "root", Double(2).squareRoot(), x)])
      let erf = try add(node, "erf", .unary(.erf), [scaled])
      let more = try add(node, "more", .binary(.add), [erf, try number(node, "one", 1, x)])
      let half = try add(node, "half", .binary(.mul), [x, try number(node, "factor", 0.5, x)])
      last = (.binary(.mul), [half, more])
    case .gelu(isTanh: true):
      let square = try add(node, "square", .binary(.mul), [x, x])
      let cube = try add(node, "cube", .binary(.mul), [square, x])
      let part = try add(node, "part", .binary(.mul), [cube, try number(node, "small", 0.044715, x)])
      let sum = try add(node, "sum", .binary(.add), [x, part])
      let root = (2 / Double.pi).squareRoot()
      let scaled = try add(node, "scaled", .binary(.mul), [sum, try number(node, "root", root, x)])
      let tanh = try add(node, "tanh", .unary(.tanh), [scaled])
      let more = try add(node, "more", .binary(.add), [tanh, try number(node, "one", 1, x)])
      let half = try add(node, "half", .binary(.mul), [x, try number(node, "factor", 0.5, x)])
      last = (.binary(.mul), [half, more])
    case .mish:
      let soft = try add(node, "softplus", .unary(.softplus), [x])
      let tanh = try add(node, "tanh", .unary(.tanh), [soft])
      last = (.binary(.mul), [x, tanh])
    case .hardSwish:
      let gate = try add(node, "gate", .unary(.hardSigmoid(alpha: 1.0 / 6, beta: 0.5)), [x])
      last = (.binary(.mul), [x, gate])
    case .swish(let alpha):
      var inner = x
      if alpha != 1 {
        inner = try add(
          node, "scaled", .binary(.mul), [x, try number(node, "factor", Double(alpha), x)])
      }
      let gate = try add(node, "sigmoid", .unary(.sigmoid), [inner])
      last = (.binary(.mul), [x, gate])
    // Nothing else is asked for.
    default: last = (node.op, node.inputs)
    }
    nodes.append(
      Node(
        name: node.name, op: last.op, inputs: last.inputs, outputs: node.outputs, absorbed: node.absorbed))
  }

  private mutating func add(
    _ node: Node, _ suffix: String, _ op: Operator, _ inputs: [ValueID?]
  ) throws(ScaleNetError) -> ValueID {
    let name = names.new("\(node.name).\(suffix)")
    let value = graph.unusedName("\(graph[node.outputs[0]].name).\(suffix)")
    let id = try graph.addNode(name, op, inputs: inputs, outputNames: [value])[0]
    if let made = graph.nodes.popLast() { nodes.append(made) }
    return id
  }

  /// A constant of the type of what it is computed with.
  private mutating func number(
    _ node: Node, _ suffix: String, _ value: Double, _ like: ValueID
  ) throws(ScaleNetError) -> ValueID {
    let tensor = Tensor([Float(value)], shape: [])
    let type = graph[like].type.dataType
    let exact = type == .float64 ? Tensor([value], shape: []) : tensor.cast(to: type)
    return try graph.addInitializer(graph.unusedName("\(node.name).\(suffix)"), exact)
  }
}
