public import Architectures
import FileIO
import KerasFormat
import ModelIR
import ONNXFormat
import PyTorchFormat
import RecordingFormat
import SafetensorsFormat

/// How a model file is read.
public struct OpeningOptions: Sendable {
  /// Where the state dict stands in a PyTorch checkpoint; nil for the usual places.
  public var key: String?
  /// The path of a structure file that the weights are checked against; nil for no check.
  public var structurePath: String?
  /// Height and width for the images of an ONNX model that leaves them open; nil leaves them open.
  public var inputSize: InputSize?
  /// The arrays that the model will run on and no others; an ONNX model is read for these. Nil for any.
  var arrays: InputArrays?
  /// Whether nothing but shapes is needed, so that a built-in architecture gets no weights.
  var shapesOnly = false

  /// Nothing asked for: what the file says by itself.
  public init(key: String? = nil, structurePath: String? = nil, inputSize: InputSize? = nil) {
    self.key = key
    self.structurePath = structurePath
    self.inputSize = inputSize
  }

  /// The same, for running on these arrays and no others.
  package func reading(for arrays: InputArrays) -> OpeningOptions {
    var options = self
    options.arrays = arrays
    return options
  }

  /// The same, where nothing but shapes is needed.
  package func readingShapesOnly() -> OpeningOptions {
    var options = self
    options.shapesOnly = true
    return options
  }
}

extension Model {
  /// What stands before the name of a built-in architecture in place of a path.
  static let builtInPrefix = "arch:"

  /// Opens a model file; the format is told from the content. `arch:NAME` stands for a built-in architecture with fresh
  /// weights.
  ///
  /// - Throws: if there is no such file, or it is damaged, of no known format, or holds what is not supported.
  public static func open(
    _ path: String, _ options: OpeningOptions = OpeningOptions()
  ) throws(ScaleNetError) -> Model {
    if path.hasPrefix(builtInPrefix) { return try builtIn(path, options) }
    let file = try ByteRegion.map(path: path)
    return try [file].whileUnchanged { () throws(ScaleNetError) in try open(file, path: path, options) }
  }

  /// Opens a file that is mapped already.
  static func open(
    _ file: ByteRegion, path: String, _ options: OpeningOptions
  ) throws(ScaleNetError) -> Model {
    let structure = try options.structurePath.map { (path) throws(ScaleNetError) in try readStructure(path) }
    let format = FileFormat.detect(file)
    guard let format, !format.isRecording else {
      throw .unknownFormat(
        path: path, expected: "a PyTorch checkpoint, safetensors, an ONNX or a Keras model",
        found: format == .numpy ? "numpy arrays" : describe(file))
    }
    if format != .pytorch, let key = options.key {
      throw .invalidOption(
        "key", expected: "a PyTorch checkpoint", found: "\(format.displayName) (\(key.escapedForMessage))")
    }
    let files = [file] + (structure.map { [$0.file] } ?? [])
    switch format {
    case .pytorch, .safetensors:
      let weights =
        format == .safetensors
        ? try SafetensorsReader.read(file) : try PyTorchReader.read(file, key: options.key)
      return Model(
        path: path, format: format,
        content: try recognize(
          weights, source: path, structure: structure?.structure, structureName: options.structurePath ?? ""),
        notes: weights.notes + conversionNotes(weights), files: files)
    case .onnx, .keras:
      if options.structurePath != nil {
        throw .invalidOption("structure", expected: "weights", found: "a \(format.displayName) model")
      }
      let stored = try readGraph(file, format, path: path, options)
      return Model(
        path: path, format: format, content: .graph(stored), notes: stored.notes,
        files: stored.files.isEmpty ? files : stored.files)
    case .numpy, .trtexec, .polygraphy, .builtIn:
      preconditionFailure("excluded above")
    }
  }

  /// A built-in architecture with fresh weights, or with none.
  private static func builtIn(_ path: String, _ options: OpeningOptions) throws(ScaleNetError) -> Model {
    let name = String(path.dropFirst(builtInPrefix.count))
    guard let builtIn = BuiltInArchitecture(name: name) else {
      let names = BuiltInArchitecture.allCases.map(\.name).joined(separator: ", ")
      throw .invalidOption("arch:", expected: "one of \(names)", found: name.escapedForMessage)
    }
    if options.key != nil || options.structurePath != nil {
      throw .invalidOption(
        options.key == nil ? "structure" : "key", expected: "a file", found: "a built-in architecture")
    }
    let architecture = builtIn.architecture()
    let weights =
      options.shapesOnly ? architecture.placeholderWeights() : architecture.initialWeights(seed: 0)
    return Model(path: path, format: .builtIn, content: .weights(weights, architecture))
  }

  private static func readGraph(
    _ file: ByteRegion, _ format: FileFormat, path: String, _ options: OpeningOptions
  ) throws(ScaleNetError) -> StoredModel {
    if format == .keras { return try KerasReader.read(file) }
    do throws(ScaleNetError) {
      return try ONNXReader.read(
        file, path: path,
        options: ONNXReader.Options(
          imageSize: options.inputSize.map { ONNXReader.ImageSize(height: $0.height, width: $0.width) },
          given: options.arrays?.given ?? .none))
    } catch {
      throw options.arrays?.blamed(for: error, of: path) ?? error
    }
  }

  /// Reads and parses a structure file.
  static func readStructure(
    _ path: String
  ) throws(ScaleNetError) -> (structure: Structure, file: ByteRegion) {
    let file = try ByteRegion.map(path: path)
    guard file.count <= 1 << 20 else {
      throw .unknownFormat(
        path: path, expected: "a structure file of at most 1 MiB", found: "\(file.count) bytes")
    }
    let bytes = unsafe file.withUnsafeBytes { unsafe Array($0) }
    try file.checkIntact()
    return (try Structure(json: bytes, path: path), file)
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
