import FileIO
import ModelIR

/// Turns a parsed graph into the project's own: nodes become operators, nodes that only compute shapes vanish, calls
/// of functions and branches that are taken become the nodes of their bodies.
struct GraphBuilder {
  /// What a name in the file stands for.
  enum Known {
    /// What the graph computes when it runs.
    case value(ValueID)
    /// An initializer or the value of a Constant; `value` once a node of the graph reads it.
    case constant(Tensor, value: ValueID?)
    /// The result of shape arithmetic; `value` once a node of the graph reads it.
    case partial(PartialTensor, value: ValueID?)
    /// An output that says nothing in inference; an error if anything reads it.
    case unavailable(ScaleNetError)
  }

  let message: GraphMessage
  let context: ParseContext
  let loader: TensorLoader
  /// Extents to set for open ones, by their names.
  var dimensions: [String: Int]
  let imageSize: ONNXReader.ImageSize?
  /// Arrays that inputs are known to have.
  let given: ONNXReader.Given
  /// The functions of the model.
  var functions: [FunctionMessage.Key: FunctionMessage] = [:]
  /// The bodies that are being read: the graph's, and those of functions and branches inside of each other.
  var bodies: [Body]
  var graph: Graph
  /// Nodes that stand for a MatMul, by their index in the graph: a bias may follow.
  var matMuls = Set<Int>()
  /// What names stand for; those of bodies are made unique.
  var known: [String: Known] = [:]
  /// Arrays given for inputs that the graph keeps.
  var givenValues: [ValueID: Tensor] = [:]
  /// The initializers that were made of them.
  var givenWeights: [ValueID: ValueID] = [:]
  /// Names that the file uses for values, and for nodes.
  var valueNames = Set<String>()
  var nodeNames = Set<String>()
  var usedNodeNames = Set<String>()
  var lastNumbers: [String: Int] = [:]

  init(
    _ message: GraphMessage, opset: Int, context: ParseContext, loader: TensorLoader,
    options: ONNXReader.Options
  ) {
    self.message = message
    self.context = context
    self.loader = loader
    dimensions = options.dimensions
    imageSize = options.imageSize
    given = options.given
    bodies = [Body(nodes: message.nodes, opset: opset)]
    graph = Graph(name: message.name)
    for node in message.nodes {
      valueNames.formUnion(node.outputs)
      nodeNames.insert(node.name)
    }
    valueNames.formUnion(message.inputs.map(\.name))
    valueNames.formUnion(message.initializers.map(\.name))
  }

  var path: String { context.path }

  /// The version of ONNX's operators in the body that is being read.
  var opset: Int { bodies[bodies.count - 1].opset }

  /// The finished graph.
  mutating func build() throws(ScaleNetError) -> Graph {
    try addInitializers(message.initializers)
    try addInputs()
    do throws(ScaleNetError) {
      try addNodes()
    } catch {
      throw sayingWhatIsOpen(error)
    }
    try addOutputs()
    fuseMatMulBias()
    return graph
  }

  /// An error about an open extent says more where images leave their height and width open.
  private func sayingWhatIsOpen(_ error: ScaleNetError) -> ScaleNetError {
    let isOpen = graph.inputs.contains { id in
      let dimensions = graph[id].type.dimensions
      return dimensions.count == 4 && dimensions[2...].contains { $0.value == nil }
    }
    return isOpen && error.remedy == .closeExtents ? error.advising(.setInputSize(example: nil)) : error
  }

  func invalid(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .invalidModel(path: path, place: place, expected: expected, found: found)
  }

  /// Lets errors of the graph name the file.
  static func wrap<Result>(
    _ path: String, _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) { return try body() } catch { throw error.inFile(path) }
  }
}
