public import Architectures
import Execution
import FileIO
import ModelIR
import RecordingFormat
import SafetensorsFormat

/// Outputs that something else computed.
public struct RecordedOutputs: Sendable {
  /// The path of the file, or what stands in messages in its place.
  public var path: String
  /// A short name for reports: `npy`, `npz`, `trtexec`, `polygraphy`; `memory` for arrays in memory.
  public var format: String
  /// The outputs of each batch.
  public var batches: [[NamedTensor]]
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]
  /// The most significant digits that a number has, where that is fewer than float32 needs; nil for elements as they were
  /// computed.
  public var digits: Int?
  let files: [ByteRegion]

  /// Outputs in memory, one element a batch.
  public init(_ batches: [[NamedTensor]], name: String = "outputs") {
    self.init(path: name, format: "memory", batches: batches, notes: [], files: [])
  }

  init(path: String, format: String, batches: [[NamedTensor]], notes: [String], files: [ByteRegion]) {
    self.path = path
    self.format = format
    self.batches = batches
    self.notes = notes
    self.files = files
  }
}

/// What is compared: a model that is run, or outputs that something else computed.
public enum Comparand: Sendable {
  /// A model, which is run on the inputs of the comparison.
  case model(Model)
  /// Outputs of something else that ran on the same inputs.
  case outputs(RecordedOutputs)

  /// Opens a model file or a file of recorded outputs; which of them is told from the content.
  ///
  /// - Parameters:
  ///   - path: the file; `arch:NAME` stands for a built-in architecture, and `-` for standard input.
  ///   - key: where the state dict stands in a PyTorch checkpoint; other files are not concerned.
  ///   - prefix: what the names of the weights begin with; files of graphs and outputs are not concerned.
  ///   - inputSize: height and width for the images of an ONNX or Keras model that leaves them open.
  ///   - inputs: the arrays of the comparison, whose height and width such a Keras model gets otherwise.
  /// - Throws: if there is no such file, or it is damaged, of no known format, or holds what is not supported.
  public static func open(
    _ path: String, key: String? = nil, prefix: String? = nil, inputSize: InputSize? = nil,
    inputs: InputArrays? = nil
  ) throws(ScaleNetError) -> Comparand {
    // What stands for a built-in architecture is no path.
    if path.hasPrefix(Model.builtInPrefix) { return .model(try Model.open(path)) }
    let isStandardInput = path == StandardStreams.path
    let path = isStandardInput ? StandardStreams.inputName : try WeightsFile.inDirectory(path) ?? path
    let file = isStandardInput ? try StandardStreams.region() : try ByteRegion.map(path: path)
    let format = FileFormat.detect(file)
    switch format {
    case .numpy:
      let (arrays, isArchive) = try InputArrays.readNumPy(file, path: path)
      return .outputs(
        RecordedOutputs(
          path: path, format: isArchive ? "npz" : "npy", batches: [arrays], notes: [], files: [file]))
    case .trtexec:
      return .outputs(recorded(try TensorRTRecording.read(file), "trtexec", path, file))
    case .polygraphy:
      return .outputs(recorded(try PolygraphyRecording.read(file), "polygraphy", path, file))
    case .pytorch:
      return .model(try Model.open(file, path: path, OpeningOptions(key: key, prefix: prefix)).configured())
    case .safetensors:
      return .model(try Model.open(file, path: path, OpeningOptions(prefix: prefix)).configured())
    case .onnx, .keras:
      var options = OpeningOptions(inputSize: inputSize)
      if format == .keras { options.arrays = inputs }
      return .model(try Model.open(file, path: path, options).configured())
    case nil where ShardIndex.recognizes(file):
      return .model(try Model.open(file, path: path, OpeningOptions(prefix: prefix)).configured())
    case .builtIn, nil:
      throw .unknownFormat(
        path: path,
        expected:
          "a model (PyTorch, safetensors, ONNX, Keras) or recorded outputs (.npy, .npz, JSON of trtexec or Polygraphy)",
        found: Model.describe(file))
    }
  }

  private static func recorded(
    _ recording: Recording, _ format: String, _ path: String, _ file: ByteRegion
  ) -> RecordedOutputs {
    var result = RecordedOutputs(
      path: path, format: format,
      batches: recording.batches.map { batch in
        batch.entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
      }, notes: recording.notes, files: [file])
    result.digits = recording.digits
    return result
  }

  /// The path of the file, or what stands in messages in its place.
  public var path: String {
    switch self {
    case .model(let model): model.path
    case .outputs(let outputs): outputs.path
    }
  }

  /// The mapped files, which no output may replace.
  package var files: [ByteRegion] {
    switch self {
    case .model(let model): model.files
    case .outputs(let outputs): outputs.files
    }
  }

  /// Whether a graph is made of weights, so that options for that apply.
  var isWeights: Bool {
    guard case .model(let model) = self else { return false }
    if case .graph = model.content { return false }
    return true
  }

  /// What a user should know of the reading, one sentence each.
  var notes: [String] {
    switch self {
    case .model(let model): model.notes.map { "\(model.path): \($0)" }
    case .outputs(let outputs): outputs.notes
    }
  }
}
