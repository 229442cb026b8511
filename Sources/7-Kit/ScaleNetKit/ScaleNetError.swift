public import Architectures
public import Execution
public import FileIO
public import KerasFormat
public import ModelIR
public import NumPyFormat
public import ONNXFormat
public import PyTorchFormat
public import RecordingFormat
public import Reports
public import SafetensorsFormat

/// Everything that can go wrong between a file and a result. Each case says which part found it.
public enum ScaleNetError: Error {
  case file(FileError)
  case pytorch(PyTorchError)
  case safetensors(SafetensorsError)
  case onnx(ONNXError)
  case keras(KerasError)
  case numpy(NumPyError)
  case recording(RecordingError)
  case report(ReportError)
  case architecture(ArchitectureError)
  case graph(path: String, GraphError)
  case execution(ExecutionError)
  case tensor(path: String, name: String, TensorError)
  /// A file that is none of the formats that were expected.
  case unknownFormat(path: String, expected: String, found: String)
  /// An option that does not fit the input or another option.
  case invalidOption(option: String, expected: String, found: String)
  /// Something that can't be done with this input.
  case unsupported(path: String, operation: String, reason: String)
  /// What was written, read back, is not what was meant. Nothing was left at the target.
  case verificationFailed(path: String, problems: [String])
  /// A library that this one stands on failed.
  case library(name: String, reason: String)
}

extension ScaleNetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .pytorch(let error): error.description
    case .safetensors(let error): error.description
    case .onnx(let error): error.description
    case .keras(let error): error.description
    case .numpy(let error): error.description
    case .recording(let error): error.description
    case .report(let error): error.description
    case .architecture(let error): error.description
    case .graph(let path, let error): "\(path): \(error)"
    case .execution(let error): error.description
    case .tensor(let path, let name, let error): "\(path): tensor \(name): \(error)"
    case .unknownFormat(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
    case .invalidOption(let option, let expected, let found):
      "\(option): expected \(expected), found \(found)"
    case .unsupported(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
    case .verificationFailed(let path, let problems):
      "\(path): verification failed, nothing was written: " + problems.joined(separator: "; ")
    case .library(let name, let reason): "\(name): \(reason)"
    }
  }
}
