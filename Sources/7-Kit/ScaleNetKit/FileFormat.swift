import FileIO
import KerasFormat
import NumPyFormat
import ONNXFormat
import PyTorchFormat
import RecordingFormat
import SafetensorsFormat

/// The formats that models, arrays and recorded outputs come in.
public enum FileFormat: String, Sendable, CaseIterable {
  /// Formats of models and weights; `numpy` is `.npz` of weights where it is written, and arrays where it is
  /// read.
  case pytorch, safetensors, onnx, keras, numpy
  /// Outputs that other programs recorded as JSON.
  case trtexec, polygraphy
  /// No file: a built-in architecture.
  case builtIn = "built-in"

  /// The format of a file, told from its first bytes; nil if it is none of these.
  static func detect(_ file: ByteRegion) -> FileFormat? {
    if NumPyReader.recognizes(file) { return .numpy }
    if PyTorchReader.recognizes(file) { return .pytorch }
    if KerasReader.recognizes(file) { return .keras }
    if SafetensorsReader.recognizes(file) { return .safetensors }
    switch RecordingKind(file) {
    case .trtexec: return .trtexec
    case .polygraphy: return .polygraphy
    case .polygraphyInputs, .structure, .otherJSON: return nil
    case nil: return ONNXReader.recognizes(file) ? .onnx : nil
    }
  }

  /// The format that a file's name asks for; nil if its extension is not known.
  static func forExtension(of path: String) -> FileFormat? {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: ".") else { return nil }
    switch name[name.index(after: dot)...].lowercased() {
    case "pth", "pt", "ckpt", "bin": return .pytorch
    case "safetensors": return .safetensors
    case "onnx": return .onnx
    case "h5", "hdf5", "keras": return .keras
    case "npz": return .numpy
    default: return nil
    }
  }

  /// Whether such a file holds arrays and no model.
  public var isRecording: Bool {
    switch self {
    case .numpy, .trtexec, .polygraphy: true
    case .pytorch, .safetensors, .onnx, .keras, .builtIn: false
    }
  }

  /// Whether models can be written in this format.
  public var isWritable: Bool {
    switch self {
    case .pytorch, .safetensors, .onnx, .keras, .numpy: true
    case .trtexec, .polygraphy, .builtIn: false
    }
  }

  /// The name in its owners' spelling.
  public var displayName: String {
    switch self {
    case .pytorch: "PyTorch"
    case .safetensors: "safetensors"
    case .onnx: "ONNX"
    case .keras: "Keras"
    case .numpy: "NumPy"
    case .trtexec: "trtexec"
    case .polygraphy: "Polygraphy"
    case .builtIn: "built-in"
    }
  }
}

/// The version of this library and its command, as it is written into files.
public enum ToolVersion {
  /// Major, minor and patch version, as in a tag of the repository.
  public static let current = "0.1.0"
}
