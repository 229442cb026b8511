import Execution
public import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat

extension DiffComparand {
  /// Opens a model file or a file of recorded outputs; which of them is told from the content.
  ///
  /// - Parameter key: where the state dict stands in a PyTorch checkpoint; other files are not concerned.
  public init(path: String, key: String? = nil) throws(ScaleNetError) {
    // What stands for a built-in architecture is no path.
    if path.hasPrefix(Model.builtInPrefix) {
      self = .model(try Model.open(path))
      return
    }
    let file = try ByteRegion.map(path: path)
    switch FileFormat.detect(file) {
    case .numpy:
      let arrays = try NamedArrays(numpy: file, path: path)
      self = .recording(DiffRecording(path: path, format: arrays.format, batches: [arrays.arrays]))
    case .trtexec:
      self = .recording(
        try Self.recording(path, "trtexec") { () throws(ScaleNetError) in try TensorRTRecording.read(file) })
    case .polygraphy:
      self = .recording(
        try Self.recording(path, "polygraphy") { () throws(ScaleNetError) in
          try PolygraphyRecording.read(file)
        })
    case .pytorch:
      self = .model(try Model.open(path, OpeningOptions(key: key)))
    case .safetensors, .onnx, .keras:
      self = .model(try Model.open(path))
    case .builtIn, nil:
      throw .unknownFormat(
        path: path,
        expected:
          "a model (PyTorch, safetensors, ONNX, Keras) or recorded outputs (.npy, .npz, JSON of trtexec or Polygraphy)",
        found: Model.describe(file))
    }
  }

  private static func recording(
    _ path: String, _ format: String, _ read: () throws(ScaleNetError) -> Recording
  ) throws(ScaleNetError) -> DiffRecording {
    let recording = try read()
    return DiffRecording(
      path: path, format: format,
      batches: recording.batches.map { batch in
        batch.entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
      }, notes: recording.notes)
  }

  /// Whether a graph is made of weights, so that options for that apply.
  public var isWeights: Bool {
    guard case .model(let model) = self, case .graph = model.content else {
      if case .model = self { return true }
      return false
    }
    return false
  }

  /// What a user should know of a recording's reading, one sentence each.
  public var recordingNotes: [String] {
    if case .recording(let recording) = self { return recording.notes }
    return []
  }

  /// The mapped file, which no output may replace; nil where it is not held.
  public var file: ByteRegion? {
    if case .model(let model) = self { return model.files.first }
    return nil
  }
}
