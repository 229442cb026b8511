public import Architectures
public import FileIO
import KerasFormat
public import ModelIR
import ONNXFormat
import PyTorchFormat
import RecordingFormat
import SafetensorsFormat

/// A model file: what is in it, and how a graph is made of it.
public struct OpenedModel: Sendable {
  /// What a file holds.
  public enum Content: Sendable {
    /// Named weights of a network that was recognised; a graph is made for any input size.
    case weights(StateDict, Architecture)
    /// Named tensors that are the weights of no known network, and why not.
    case tensors(StateDict, ScaleNetError)
    /// A graph of its own.
    case graph(StoredModel)
  }

  public let path: String
  public let file: ByteRegion
  public let format: FileFormat
  public let content: Content
  /// What a user should know of the reading, one sentence each.
  public let notes: [String]

  /// Opens a model file; the format is told from the content. `arch:NAME` stands for a built-in architecture with fresh
  /// weights.
  ///
  /// - Parameters:
  ///   - key: where the state dict stands in a checkpoint, if not at one of the usual places.
  ///   - structurePath: a structure file that the weights are checked against.
  ///   - verifyChecksums: whether checksums of the container are compared at once, which reads the whole file.
  ///   - shapesOnly: whether nothing but shapes is needed, so that a built-in architecture gets no weights.
  ///   - inputSize: height and width for the images of an ONNX model that leaves them open.
  ///   - inputs: the arrays that the model will run on and no others; an ONNX model is read for these.
  public init(
    path: String, key: String? = nil, structurePath: String? = nil, verifyChecksums: Bool = false,
    shapesOnly: Bool = false, inputSize: InputSize? = nil, runningOn inputs: RunInputs? = nil
  ) throws(ScaleNetError) {
    if path.hasPrefix(Self.builtInPrefix) {
      self = try Self.builtIn(path, key: key, structurePath: structurePath, shapesOnly: shapesOnly)
      return
    }
    let file = try ByteRegion.map(path: path)
    let structure = try structurePath.map { (path) throws(ScaleNetError) in try Self.readStructure(path) }
    let format = FileFormat.detect(file)
    guard let format, !format.isRecording else {
      throw .unknownFormat(
        path: path, expected: "a PyTorch checkpoint, safetensors, an ONNX or a Keras model",
        found: format == .numpy ? "numpy arrays" : Self.describe(file))
    }
    if format != .pytorch, let key {
      throw .invalidOption(
        "key", expected: "a PyTorch checkpoint", found: "\(format.displayName) (\(key))")
    }
    switch format {
    case .pytorch, .safetensors:
      let weights = try Self.readWeights(file, format, key: key, verifyChecksums: verifyChecksums)
      self.init(
        path: path, file: file, format: format,
        content: try Self.recognize(weights, path: path, structure: structure, structurePath),
        notes: weights.notes + Self.conversionNotes(weights))
    case .onnx, .keras:
      if structurePath != nil {
        throw .invalidOption(
          "structure", expected: "weights", found: "a \(format.displayName) model")
      }
      self.init(
        path: path, file: file, format: format,
        content: .graph(try Self.readGraph(file, format, path: path, inputSize, inputs)), notes: [])
    case .numpy, .trtexec, .polygraphy, .builtIn:
      preconditionFailure("excluded above")
    }
  }

  init(path: String, file: ByteRegion, format: FileFormat, content: Content, notes: [String]) {
    self.path = path
    self.file = file
    self.format = format
    self.content = content
    self.notes = notes
  }

  /// What stands before the name of a built-in architecture in place of a path.
  static let builtInPrefix = "arch:"

  /// A built-in architecture with fresh weights, or with none.
  private static func builtIn(
    _ path: String, key: String?, structurePath: String?, shapesOnly: Bool
  ) throws(ScaleNetError) -> OpenedModel {
    let name = String(path.dropFirst(builtInPrefix.count))
    guard let builtIn = BuiltInArchitecture(name: name) else {
      let names = BuiltInArchitecture.allCases.map(\.name).joined(separator: ", ")
      throw .invalidOption("arch:", expected: "one of \(names)", found: name)
    }
    if key != nil || structurePath != nil {
      throw .invalidOption(
        key == nil ? "structure" : "key", expected: "a file", found: "a built-in architecture")
    }
    let architecture = builtIn.architecture()
    let weights = shapesOnly ? architecture.placeholderWeights() : architecture.initialWeights(seed: 0)
    return OpenedModel(
      path: path, file: .copying([UInt8](), origin: path), format: .builtIn,
      content: .weights(weights, architecture), notes: [])
  }

  private static func readWeights(
    _ file: ByteRegion, _ format: FileFormat, key: String?, verifyChecksums: Bool
  ) throws(ScaleNetError) -> StateDict {
    if format == .safetensors {
      return try SafetensorsReader.read(file)
    }
    return try PyTorchReader.read(file, key: key, verifyChecksums: verifyChecksums)
  }

  private static func readGraph(
    _ file: ByteRegion, _ format: FileFormat, path: String, _ size: InputSize?, _ inputs: RunInputs?
  ) throws(ScaleNetError) -> StoredModel {
    if format == .keras {
      return try KerasReader.read(file)
    }
    let options = ONNXReader.Options(
      imageSize: size.map { ONNXReader.ImageSize(height: $0.height, width: $0.width) },
      given: inputs?.given ?? .none)
    return try ONNXReader.read(file, path: path, options: options)
  }

  /// The graph, for the options that apply to weights; a graph of its own takes none of them.
  public func graph(_ options: BuildOptions) throws(ScaleNetError) -> Graph {
    switch content {
    case .weights(let weights, let configuration):
      return try configuration.graph(weights, options: options)
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      return model.graph
    }
  }

  /// All stored tensors: the weights of a checkpoint, the initializers of a graph.
  var tensors: [StateDict.Entry] {
    switch content {
    case .weights(let weights, _), .tensors(let weights, _):
      return weights.entries
    case .graph(let model):
      return model.graph.initializers.compactMap { id in
        model.graph.initializer(id).map { StateDict.Entry(name: model.graph[id].name, tensor: $0) }
      }
    }
  }

  /// The network's name: `ScaleNet-50`, or what the file says of itself.
  public var architecture: String {
    switch content {
    case .weights(_, let configuration): configuration.displayName
    case .tensors: "no known architecture"
    case .graph(let model): model.metadata.first { $0.key == "architecture" }?.value ?? model.graph.name
    }
  }

  /// Reads and parses a structure file.
  public static func readStructure(_ path: String) throws(ScaleNetError) -> Structure {
    let file = try ByteRegion.map(path: path)
    guard file.count <= 1 << 20 else {
      throw .unknownFormat(
        path: path, expected: "a structure file of at most 1 MiB", found: "\(file.count) bytes")
    }
    let bytes = unsafe file.withUnsafeBytes { unsafe Array($0) }
    try file.checkIntact()
    return try Structure(json: bytes, path: path)
  }

  private static func recognize(
    _ weights: StateDict, path: String, structure: Structure?, _ structurePath: String?
  ) throws(ScaleNetError) -> Content {
    let architecture: Architecture
    do throws(ScaleNetError) {
      architecture = try Architecture.recognize(weights, source: path)
    } catch {
      if structurePath != nil { throw error }
      return .tensors(weights, error)
    }
    if let structure, let structurePath {
      guard case .scaleNet(let configuration) = architecture else {
        throw .invalidOption(
          "structure", expected: "the weights of a ScaleNet",
          found: "those of a \(architecture.displayName)")
      }
      let problems = configuration.disagreements(with: structure)
      guard problems.isEmpty else {
        throw .structureMismatch(path: structurePath, source: path, problems: problems)
      }
    }
    return .weights(weights, architecture)
  }

  /// A sentence for each element type that a graph's float32 is made of.
  private static func conversionNotes(_ weights: StateDict) -> [String] {
    var counts: [DataType: Int] = [:]
    for entry in weights.entries where entry.tensor.dataType.isFloatingPoint {
      counts[entry.tensor.dataType, default: 0] += 1
    }
    return [DataType.float16, .bfloat16, .float64].compactMap { type in
      guard let count = counts[type] else { return nil }
      let how = type == .float64 ? "rounded to float32" : "converted to float32, exactly"
      return "\(count) tensors are \(type.rawValue); in a graph they are \(how)"
    }
  }

  /// A few words on a file that is nothing known.
  static func describe(_ file: ByteRegion) -> String {
    if file.count == 0 { return "an empty file" }
    if let kind = RecordingKind(file) { return kind.displayName }
    let first = file.withBytes { bytes in
      (0..<min(8, bytes.byteCount)).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
    let digits = first.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    return "\(file.count) bytes that begin with \(digits)"
  }
}

extension OpenedModel {
  /// The structure of the network's blocks: of its weights, or read off the graph.
  public func structure() throws(ScaleNetError) -> Structure {
    switch content {
    case .weights(_, let architecture):
      guard let structure = architecture.structure else {
        throw .unsupported(
          path: path, operation: "give a structure", reason: "a \(architecture.displayName) has no scales")
      }
      return structure
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      let inspection = try inspection().report
      let rows = inspection.blocks.compactMap { block in
        block.kind == .scaleAggregation && Structure.sides.indices.contains(block.stage - 1)
          ? Structure.Row(channels: block.channels, side: Structure.sides[block.stage - 1]) : nil
      }
      guard !rows.isEmpty, rows.count == inspection.blocks.count else {
        throw .unsupported(
          path: path, operation: "recover a structure",
          reason: "no four stages of scale-aggregation blocks in the graph \(model.graph.name)")
      }
      return Structure(rows: rows)
    }
  }
}
