/// A runtime or format that a model is to be deployed with: what `check` looks for, and what a conversion for it writes.
public enum DeploymentTarget: String, Sendable, Codable, CaseIterable {
  /// TensorRT 8.6's ONNX parser.
  case tensorRT8 = "tensorrt-8.6"
  /// TensorRT 10's ONNX parser.
  case tensorRT10 = "tensorrt-10"
  /// TensorRT 11's ONNX parser.
  case tensorRT11 = "tensorrt-11"
  /// ONNX Runtime.
  case onnxRuntime = "onnxruntime-1.17"
  /// TensorFlow Lite, by way of a Keras file.
  case tfLite = "tflite"
  /// Keras 2 and 3.
  case keras

  /// The name in sentences.
  public var title: String {
    switch self {
    case .tensorRT8: "TensorRT 8.6"
    case .tensorRT10: "TensorRT 10"
    case .tensorRT11: "TensorRT 11"
    case .onnxRuntime: "ONNX Runtime 1.17"
    case .tfLite: "TensorFlow Lite"
    case .keras: "Keras"
    }
  }

  /// What ONNX files for it are; nil for those that read Keras files.
  package var onnx: ONNXLimits? {
    switch self {
    case .tensorRT8: .tensorRT8
    case .tensorRT10: .tensorRT10
    case .tensorRT11: .tensorRT11
    case .onnxRuntime: .onnxRuntime
    case .tfLite, .keras: nil
    }
  }

  /// TensorRT's rules for operators; nil for others.
  var tensorRT: TensorRTRules? {
    switch self {
    case .tensorRT8: .version8
    case .tensorRT10: .version10
    case .tensorRT11: .version11
    case .onnxRuntime, .tfLite, .keras: nil
    }
  }
}

/// The versions of ONNX that a runtime reads, and those that are written for it.
package struct ONNXLimits: Sendable, Hashable {
  /// Versions of ONNX's own operators.
  package let opsets: ClosedRange<Int>
  /// The newest version of the file format; nil where the runtime does not look at it.
  package let newestIR: Int?
  /// What is written for it.
  package let writtenOpset: Int
  package let writtenIR: Int
  /// Where the figures come from.
  package let source: String

  static let tensorRT8 = ONNXLimits(
    opsets: 9...17, newestIR: nil, writtenOpset: 17, writtenIR: 8,
    source: "onnx-tensorrt 8.6-GA, docs/operators.md"
  )
  static let tensorRT10 = ONNXLimits(
    opsets: 9...20, newestIR: nil, writtenOpset: 19, writtenIR: 9,
    source: "onnx-tensorrt 10.1-GA, docs/operators.md"
  )
  static let tensorRT11 = ONNXLimits(
    opsets: 9...25, newestIR: nil, writtenOpset: 20, writtenIR: 9,
    source: "TensorRT 11.5's notes on its ONNX parser")
  static let onnxRuntime = ONNXLimits(
    opsets: 7...20, newestIR: 9, writtenOpset: 20, writtenIR: 9,
    source: "ONNX Runtime's table of compatibility, onnxruntime.ai/docs/reference/compatibility.html")
}
