import FileIO
import ModelIR

/// What a name in the file stands for.
enum Known {
  /// What the graph computes when it runs.
  case value(ValueID)
  /// What is known while reading: an initializer, the value of a Constant, the result of arithmetic on shapes. `value`
  /// once a node of the graph reads it.
  case constant(KnownTensor, value: ValueID?)
  /// An output that says nothing in inference; an error if anything reads it.
  case unavailable(ScaleNetError)
}

/// What a node reads or gives, by its place in a scope.
struct Operand: Hashable {
  fileprivate let index: Int
}

/// A list of nodes that is being read: the graph's own, a function's, or a branch of an If.
struct Body {
  let nodes: [NodeMessage]
  /// The version of ONNX's operators that the nodes are of.
  let opset: Int
  /// What the body's own names are called in the graph.
  var names: [String: String] = [:]
  /// Whether names that are not the body's own are those of the body around it: so in a graph and its branches, not
  /// in a function.
  var seesOuter = true
  /// What attributes may refer to: those of a function's call, nil outside of functions.
  var attributes: [String: AttributeMessage]?
  /// The function that is called; nil for a graph.
  var function: FunctionMessage.Key?
  /// What names of its nodes begin with.
  var prefix = ""
}

/// The names that are known at one point of a file, what they stand for, and which are still free.
struct Scope {
  /// Bodies inside of each other, the graph's own included.
  static let deepest = 16

  /// The bodies that are being read: the graph's, and those of functions and branches inside of each other.
  private(set) var bodies: [Body]
  private var entries: [Known] = []
  private var entryNames: [String] = []
  /// By their names in the graph; those of bodies are made unique.
  private var operands: [String: Operand] = [:]
  /// Names of values and of nodes. Those that the file uses are kept for it.
  var valueNames = UniqueNames()
  var nodeNames = UniqueNames()

  init(_ message: GraphMessage, opset: Int) {
    bodies = [Body(nodes: message.nodes, opset: opset)]
    nodeNames.reserve(message.nodes.lazy.map(\.name))
    valueNames.reserve(message.nodes.lazy.flatMap(\.outputs))
    valueNames.reserve(message.inputs.lazy.map(\.name))
    valueNames.reserve(message.initializers.lazy.map(\.name))
  }

  /// The innermost body.
  var body: Body { bodies[bodies.count - 1] }

  /// What a name in the graph stands for; nil if it stands for nothing yet.
  func operand(_ name: String) -> Operand? { operands[name] }

  subscript(operand: Operand) -> Known {
    get { entries[operand.index] }
    set { entries[operand.index] = newValue }
  }

  func name(_ operand: Operand) -> String { entryNames[operand.index] }

  /// Lets a name stand for something; nil if it does for something else.
  mutating func define(_ name: String, _ known: Known) -> Operand? {
    guard operands[name] == nil else { return nil }
    return append(name, known)
  }

  /// Something that the file has no name for, under a new name.
  mutating func add(_ base: String, _ known: Known) -> Operand {
    append(valueNames.new(base), known)
  }

  private mutating func append(_ name: String, _ known: Known) -> Operand {
    let operand = Operand(index: entries.count)
    operands[name] = operand
    entries.append(known)
    entryNames.append(name)
    return operand
  }

  // MARK: Names of bodies

  /// What a name in the body that is being read is called in the graph; nil if the body does not know it.
  func resolve(_ name: String) -> String? {
    for body in bodies.reversed() {
      if let resolved = body.names[name] { return resolved }
      if !body.seesOuter { return nil }
    }
    return name
  }

  /// Enters a body; names of it that are free in the graph stay as they are.
  mutating func enter(_ body: Body) {
    var body = body
    let isGraph = body.function == nil
    for name in body.nodes.lazy.flatMap(\.outputs) where !name.isEmpty && body.names[name] == nil {
      let base = isGraph && valueNames.isFree(name) ? name : "\(body.prefix).\(name)"
      body.names[name] = valueNames.new(base)
    }
    bodies.append(body)
  }

  mutating func leave() {
    bodies.removeLast()
  }

  /// The graph's name of a node of the graph's own: the file's, the output's where that is empty, and with a number
  /// where it is used already.
  mutating func nodeName(_ node: NodeMessage, index: Int) -> String {
    if !node.name.isEmpty && nodeNames.use(node.name) { return node.name }
    return nodeNames.new(Self.displayName(node, index))
  }

  /// What a node is called in messages if it has no name.
  static func displayName(_ node: NodeMessage, _ index: Int) -> String {
    if !node.name.isEmpty { return node.name }
    return node.outputs.first { !$0.isEmpty } ?? "\(node.op)_\(index)"
  }
}
