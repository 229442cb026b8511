import FileIO
import ModelIR

/// Turns a parsed graph into the project's own. Nodes become operators by the handlers in `OperatorTable`; what is known
/// already is computed, so that nodes that only compute shapes vanish; calls of functions and branches that are taken
/// become the nodes of their bodies.
struct GraphReader {
  let message: GraphMessage
  let context: ParseContext
  let loader: TensorLoader
  /// The functions of the model.
  let functions: [FunctionMessage.Key: FunctionMessage]
  var inputs: InputBinding
  var scope: Scope
  var graph: Graph
  /// What was assumed, a sentence each.
  private(set) var notes: [String] = []
  /// Nodes that stand for a MatMul, by their index in the graph: a bias may follow.
  var matMuls = Set<Int>()
  /// The initializers that were made of arrays that are given.
  var givenWeights: [ValueID: Operand] = [:]
  /// Where an open extent of the inputs stands.
  var extentSources: [Dimension: (value: ValueID, axis: Int)] = [:]

  init(
    _ message: GraphMessage, opset: Int, functions: [FunctionMessage.Key: FunctionMessage],
    context: ParseContext, loader: TensorLoader, options: ONNXReader.Options
  ) {
    self.message = message
    self.context = context
    self.loader = loader
    self.functions = functions
    inputs = InputBinding(options, path: context.path)
    scope = Scope(message, opset: opset)
    graph = Graph(name: message.name)
  }

  var path: String { context.path }

  /// The version of ONNX's operators in the body that is being read.
  var opset: Int { scope.body.opset }

  /// Adds what the whole graph stands for.
  mutating func read() throws(ScaleNetError) {
    try addInitializers(message.initializers)
    try addInputs()
    do throws(ScaleNetError) {
      try addNodes(for: message.outputs.map(\.name))
    } catch {
      throw sayingWhatIsOpen(error)
    }
    try addOutputs()
    fuseMatMulBias()
  }

  /// An error about an open extent says more where images leave their height and width open.
  private func sayingWhatIsOpen(_ error: ScaleNetError) -> ScaleNetError {
    let isOpen = !graph.openImageExtents.isEmpty
    return isOpen && error.remedy == .closeExtents ? error.advising(.setInputSize(example: nil)) : error
  }

  mutating func note(_ text: String) {
    if !notes.contains(text) { notes.append(text) }
  }

  func invalid(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .invalidModel(path: path, place: place, expected: expected, found: found)
  }

  /// Lets errors of the graph name the file. It is static, as a method would hold on to the graph while `body` changes it,
  /// and so copy it each time.
  static func inFile<Result>(
    _ path: String, _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) { return try body() } catch { throw error.inFile(path) }
  }

  // MARK: Initializers and outputs

  mutating func addInitializers(_ initializers: [TensorMessage]) throws(ScaleNetError) {
    for initializer in initializers {
      guard !initializer.name.isEmpty else { throw invalid(initializer.place, "a name", "none") }
      let name = scope.resolve(initializer.name) ?? initializer.name
      let tensor = KnownTensor(try loader.tensor(initializer, name: initializer.name))
      guard scope.define(name, .constant(tensor, value: nil)) != nil else {
        throw invalid(initializer.place, "a name of its own", "a second \(initializer.name)")
      }
    }
  }

  private mutating func addOutputs() throws(ScaleNetError) {
    guard !message.outputs.isEmpty else { throw invalid("graph", "an output", "none") }
    for output in message.outputs {
      let place = "graph output \(output.name)"
      guard let operand = scope.operand(output.name) else {
        throw invalid(place, "a node that produces it", "none")
      }
      let path = path
      let id = try materialized(operand) {
        .invalidModel(path: path, place: place, expected: "a known value", found: "\($0)")
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
          guard let value = declared.value, value >= 0, let known = found.value else { return true }
          return value == known
        }
      if !isSame {
        let shape = declared.map { extent in extent.value.map { "\($0)" } ?? extent.name }
        note(
          "output \(output.name.escapedForMessage) is \(found), not [\(shape.joined(separator: ", "))] as the file declares"
            .escapedForMessage)
      }
    }
  }
}
