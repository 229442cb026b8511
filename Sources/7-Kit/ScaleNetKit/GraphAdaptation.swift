import Architectures
import FileIO
import Inspection
import ModelIR

/// A graph of a file, made into the one that options ask for.
struct GraphAdaptation {
  private(set) var graph: Graph
  private let path: String
  private let options: GraphOptions

  /// Follows every option, or says which one cannot be followed and why.
  init(_ graph: Graph, _ options: GraphOptions, path: String) throws(ScaleNetError) {
    self.graph = graph
    self.options = options
    self.path = path
    if options.stridePlacement != nil {
      throw .invalidOption(
        "stridePlacement", expected: "weights to make a graph of",
        found: "a graph of its own in \(path.escapedForMessage)")
    }
    if let size = options.inputSize { try setSize(size) }
    if let batch = options.batch { try setBatch(batch) }
    if options.features { try giveFeatures() }
    if options.softmax { try addSoftmax() }
    if let name = options.inputName { try rename(self.graph.inputs, "input", to: name, option: "inputName") }
    if let name = options.outputName {
      try rename(self.graph.outputs, "output", to: name, option: "outputName")
    }
    do throws(ScaleNetError) { try self.graph.validate() } catch { throw error.inFile(path) }
  }

  // MARK: Extents

  /// Gives images that leave their height and width open this size.
  private mutating func setSize(_ size: InputSize) throws(ScaleNetError) {
    let images = graph.inputs.filter { graph[$0].type.rank == 4 }
    guard !images.isEmpty else {
      throw .invalidOption(
        "inputSize", expected: "a model with images", found: "none in \(path.escapedForMessage)")
    }
    var isChanged = false
    for id in images {
      for (axis, extent) in [(2, size.height), (3, size.width)] {
        if let fixed = graph[id].type.dimensions[axis].value {
          guard fixed != extent else { continue }
          let sides = graph[id].type.dimensions[2...].map(\.description).joined(separator: "x")
          throw .invalidOption(
            "inputSize", expected: "\(sides), which the graph in \(path.escapedForMessage) is made for",
            found: "\(size)")
        }
        graph[id].type.dimensions[axis] = .fixed(extent)
        isChanged = true
      }
    }
    if isChanged { try inferTypes("inputSize") }
  }

  /// Opens the batch, or fixes it.
  private mutating func setBatch(_ batch: Dimension) throws(ScaleNetError) {
    let extents = Set(graph.inputs.map { graph[$0].type.dimensions.first })
    guard extents.count == 1, case let extent?? = extents.first else {
      throw .invalidOption(
        "batch", expected: "inputs of one batch",
        found:
          "\(graph.inputs.map { "\(graph[$0].type)" }.joined(separator: ", ")) in \(path.escapedForMessage)")
    }
    if extent == batch { return }
    if case .symbolic = extent {
      guard case .fixed = batch else { return }
      setInputs { $0 == extent ? batch : $0 }
      return try inferTypes("batch")
    }
    // Opened first, so that what does not follow the batch shows.
    let open = Dimension.symbolic("batch")
    for id in graph.inputs { graph[id].type.dimensions[0] = open }
    try inferTypes("batch")
    for id in graph.outputs where graph[id].type.dimensions.first != open {
      throw .invalidOption(
        "batch",
        "the graph in \(path.escapedForMessage) has its batch of \(extent) built in: its output "
          + "\(graph[id].name.escapedForMessage) would be \(graph[id].type) for any batch")
    }
    if batch != open {
      setInputs { $0 == open ? batch : $0 }
      try inferTypes("batch")
    }
  }

  private mutating func setInputs(_ change: (Dimension) -> Dimension) {
    for id in graph.inputs { graph[id].type.dimensions = graph[id].type.dimensions.map(change) }
  }

  private mutating func inferTypes(_ option: String) throws(ScaleNetError) {
    do throws(ScaleNetError) {
      try graph.inferAllTypes()
    } catch {
      throw .invalidOption(option, "the graph in \(path.escapedForMessage) cannot follow: \(error)")
    }
  }

  // MARK: Outputs

  /// Makes the last feature map of each stage an output.
  private mutating func giveFeatures() throws(ScaleNetError) {
    let stages = graph.stageOutputs()
    guard stages.count == 4 else {
      throw .invalidOption(
        "features", expected: "four stages of residual blocks",
        found: "\(stages.isEmpty ? "none" : "\(stages.count)") in the graph in \(path.escapedForMessage)")
    }
    graph.setOutputs(stages)
    for (number, id) in stages.enumerated() { name(id, "layer\(number + 1)") }
    do throws(ScaleNetError) { try graph.apply([EliminateDeadNodes()]) } catch { throw error.inFile(path) }
  }

  /// Puts a softmax behind the logits, under the name that they had.
  private mutating func addSoftmax() throws(ScaleNetError) {
    if options.features { throw .invalidOption("softmax", "feature maps have no classes") }
    guard graph.outputs.count == 1, let logits = graph.outputs.first, graph[logits].type.rank == 2 else {
      throw .invalidOption(
        "softmax", expected: "one output [batch, classes]",
        found:
          "\(graph.outputs.map { "\(graph[$0].type)" }.joined(separator: ", ")) in \(path.escapedForMessage)")
    }
    if let index = graph.producers()[logits.index], case .softmax = graph.nodes[index].op {
      throw .invalidOption("softmax", "the graph in \(path.escapedForMessage) ends in one already")
    }
    let name = graph[logits].name
    let isInput = graph.inputs.contains(logits) || graph[logits].initializer != nil
    if !isInput { graph[logits].name = graph.unusedName("\(name)_logits") }
    var names = UniqueNames(reserving: Set(graph.nodes.map(\.name)))
    do throws(ScaleNetError) {
      let ids = try graph.addNode(
        names.new("softmax"), .softmax(Softmax(axis: 1)), inputs: [logits],
        outputNames: [isInput ? graph.unusedName("\(name)_softmax") : name])
      graph.setOutputs(ids)
    } catch {
      throw error.inFile(path)
    }
  }

  // MARK: Names

  private mutating func rename(
    _ ids: [ValueID], _ kind: String, to name: String, option: String
  ) throws(ScaleNetError) {
    guard ids.count == 1 else {
      let names = ids.map { graph[$0].name.escapedForMessage }.joined(separator: ", ")
      throw .invalidOption(
        option, expected: "one \(kind)",
        found: "\(ids.isEmpty ? "none" : "\(ids.count) (\(names))") in \(path.escapedForMessage)")
    }
    let isBoth = graph.inputs.contains(ids[0]) && graph.outputs.contains(ids[0])
    guard !isBoth, !name.isEmpty else {
      throw .invalidOption(
        option, isBoth ? "input and output of the graph are one value" : "expected a name, found none")
    }
    self.name(ids[0], name)
  }

  /// Gives a value a name; another value that has it gets one beside it.
  private mutating func name(_ id: ValueID, _ name: String) {
    if let other = graph.value(named: name), other != id {
      graph[other].name = graph.unusedName("\(name)_inner")
    }
    graph[id].name = name
  }
}
