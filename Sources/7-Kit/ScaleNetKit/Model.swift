public import Architectures
package import FileIO
public import ModelIR

/// A model: of a file of any format, or of weights or a graph in memory.
///
/// ```swift
/// let model = try Model.open("scalenet50.pth")
/// let logits = try model.run(["input": image])["output"]
/// let report = try model.convert(to: "scalenet50.onnx")
/// ```
///
/// A model is a value and may be used from several threads. Weights stay where they are: tensors are views of the mapped
/// file, and an error tells if somebody cuts the file meanwhile.
public struct Model: Sendable {
  /// What a model holds.
  public enum Content: Sendable {
    /// Named weights of a network that was recognised; a graph is made of them for any input size.
    case weights(StateDict, Architecture)
    /// Named tensors that are the weights of no known network, and why not.
    case tensors(StateDict, ScaleNetError)
    /// A graph of its own.
    case graph(StoredModel)
  }

  /// The path of the file, or what stands in messages in its place.
  public let path: String
  /// The format of the file; `builtIn` for what was made in memory.
  public let format: FileFormat
  /// Which of the three kinds the model is.
  public let content: Content
  /// What a user should know of the reading, one sentence each.
  public let notes: [String]
  /// The files that tensors are views of, which no output may replace.
  package let files: [ByteRegion]
  /// What an ONNX or Keras file says of itself, where `OpeningOptions.surveys` asked; nil for other models.
  public let summary: GraphSummary?
  /// What stands beside the weights about their network.
  let configuration: WeightsConfiguration?

  init(
    path: String, format: FileFormat, content: Content, notes: [String] = [], files: [ByteRegion] = [],
    configuration: WeightsConfiguration? = nil, summary: GraphSummary? = nil
  ) {
    self.summary = summary
    self.path = path
    self.format = format
    self.content = content
    if case .weights(_, let network) = content {
      self.notes = notes + network.notes
    } else {
      self.notes = notes
    }
    self.files = files
    self.configuration = configuration
  }

  /// Weights in memory, whose network is told from their names and shapes.
  ///
  /// - Parameters:
  ///   - weights: tensors by PyTorch's names: convolutions OIHW, linear layers [outputs, inputs]. A prefix that all names
  ///     have is taken off where the network needs it.
  ///   - name: what messages call them.
  ///   - structure: the channels that a ScaleNet must have; nil for no check.
  /// - Throws: if a structure is given and is not theirs. Weights of no known network make a model all the same: its
  ///   tensors can be looked at and written.
  public init(weights: StateDict, name: String = "weights", structure: Structure? = nil) throws(ScaleNetError)
  {
    let content = try Self.recognize(
      weights, prefix: nil, source: name, structure: structure, structureName: "structure")
    self.init(
      path: name, format: .builtIn, content: content,
      notes: Self.notes(content))
  }

  /// A graph in memory.
  ///
  /// - Parameters:
  ///   - graph: images are NCHW in it; the batch, and in a graph of ONNX more, may be open.
  ///   - name: what messages call it.
  /// - Throws: if the graph is not valid.
  public init(graph: Graph, name: String = "graph") throws(ScaleNetError) {
    do throws(ScaleNetError) { try graph.validate() } catch { throw error.inFile(name) }
    self.init(path: name, format: .builtIn, content: .graph(StoredModel(graph: graph)))
  }

  /// A built-in architecture with fresh weights, as its publication initialises them.
  ///
  /// - Parameters:
  ///   - name: `scalenet50`, `resnext50-32x4d` and so on; `BuiltInArchitecture.allCases` lists them.
  ///   - seed: of the random numbers; the same seed gives the same weights.
  ///   - classes: of the final layer, 1 to 1,000,000.
  public init(builtIn name: String, seed: UInt64 = 0, classes: Int = 1000) throws(ScaleNetError) {
    let network = try Initialization(architecture: name, seed: seed, classes: classes)
    self = network.model()
  }

  /// The network's name: `ScaleNet-50`, or what the file says of itself.
  public var architecture: String {
    switch content {
    case .weights(_, let architecture): architecture.displayName
    case .tensors: summary.map { $0.name.isEmpty ? "unnamed network" : $0.name } ?? "no known architecture"
    case .graph(let model): model.metadata.first { $0.key == "architecture" }?.value ?? model.graph.name
    }
  }

  /// How images were prepared for the network, where a configuration beside the weights says it.
  public var preprocessing: StatedPreprocessing? { configuration?.preprocessing }

  /// All stored tensors: the weights of a checkpoint, the initializers of a graph.
  public var tensors: StateDict {
    switch content {
    case .weights(let weights, _), .tensors(let weights, _):
      return weights
    case .graph(let model):
      var result = StateDict()
      for id in model.graph.initializers {
        if let tensor = model.graph.initializer(id) { result.append(model.graph[id].name, tensor) }
      }
      return result
    }
  }

  /// The structure of the network's blocks: of its weights, or read off the graph.
  ///
  /// - Throws: for networks without scales.
  public func structure() throws(ScaleNetError) -> Structure {
    let structure = try unverifiedStructure()
    try files.checkUnchanged()
    return structure
  }

  private func unverifiedStructure() throws(ScaleNetError) -> Structure {
    switch content {
    case .weights(_, let architecture):
      guard let structure = architecture.structure else {
        throw .unsupported(
          path: path, operation: "give a structure",
          reason: "a \(architecture.displayName) has no scale-aggregation blocks")
      }
      return structure
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      let blocks = try inspect().blocks
      let rows = blocks.compactMap { block in
        block.kind == .scaleAggregation && Structure.sides.indices.contains(block.stage - 1)
          ? Structure.Row(channels: block.channels, side: Structure.sides[block.stage - 1]) : nil
      }
      guard !rows.isEmpty, rows.count == blocks.count else {
        throw .unsupported(
          path: path, operation: "recover a structure",
          reason:
            "no four stages of scale-aggregation blocks in the graph \(model.graph.name.escapedForMessage)")
      }
      return Structure(rows: rows)
    }
  }

  /// What the file says beside its tensors, as far as it is plain, by dotted keys: `args.arch` of a training checkpoint,
  /// the metadata of safetensors. Nothing is known of files of graphs.
  public var facts: [String: String] { content.weights?.facts ?? [:] }

  // MARK: Recognition

  static func recognize(
    _ stored: StateDict, prefix: String?, source: String, structure: Structure?, structureName: String
  ) throws(ScaleNetError) -> Content {
    let recognized = try RecognizedWeights(stored, prefix: prefix, source: source)
    let weights = recognized.weights
    let architecture: Architecture
    switch recognized.architecture {
    case .success(let found): architecture = found
    case .failure(let error):
      if structure != nil { throw error }
      return .tensors(weights, error)
    }
    if let structure {
      guard case .scaleNet(let configuration) = architecture else {
        throw .invalidOption(
          "structure", expected: "the weights of a ScaleNet", found: "those of a \(architecture.displayName)")
      }
      let problems = configuration.disagreements(with: structure)
      guard problems.isEmpty else {
        throw .structureMismatch(path: structureName, source: source, problems: problems)
      }
    }
    return .weights(weights, architecture)
  }

  /// What a user should know of weights.
  static func notes(_ content: Content) -> [String] {
    switch content {
    case .weights(let weights, _): weights.notes + conversionNotes(weights)
    case .tensors(let weights, _): weights.notes
    case .graph(let model): model.notes
    }
  }

  /// A sentence for each element type that a graph's float32 is made of.
  private static func conversionNotes(_ weights: StateDict) -> [String] {
    var counts: [DataType: Int] = [:]
    for entry in weights.entries where entry.tensor.dataType.isReal {
      counts[entry.tensor.dataType, default: 0] += 1
    }
    let small = DataType.allCases.filter(\.isSmallFloat)
    return ([.float16, .bfloat16, .float64] + small).compactMap { type in
      guard let count = counts[type] else { return nil }
      let how = type == .float64 ? "rounded to float32" : "converted to float32, exactly"
      return "\(count) tensors are \(type.rawValue); in a graph they are \(how)"
    }
  }
}

extension Model.Content {
  /// The named tensors; nil for a graph.
  var weights: StateDict? {
    switch self {
    case .weights(let weights, _), .tensors(let weights, _): weights
    case .graph: nil
    }
  }
}
