/// A runtime or format that a model is to be deployed with: what `check` looks for, and what a conversion for it writes.
public enum DeploymentTarget: String, Sendable, Codable, CaseIterable {
  /// TensorRT's ONNX parser, by version.
  case tensorRT8_6 = "tensorrt-8.6"
  case tensorRT10 = "tensorrt-10"
  case tensorRT11 = "tensorrt-11"
  /// ONNX Runtime.
  case onnxRuntime1_17 = "onnxruntime-1.17"
  /// TensorFlow Lite, by way of a Keras file.
  case tfLite = "tflite"
  /// Keras 2 and 3.
  case keras

  /// The name in sentences.
  public var title: String {
    switch self {
    case .tensorRT8_6: "TensorRT 8.6"
    case .tensorRT10: "TensorRT 10"
    case .tensorRT11: "TensorRT 11"
    case .onnxRuntime1_17: "ONNX Runtime 1.17"
    case .tfLite: "TensorFlow Lite"
    case .keras: "Keras"
    }
  }

  /// What ONNX files for it are; nil for those that read Keras files.
  package var onnx: ONNXLimits? {
    switch self {
    case .tensorRT8_6: .tensorRT8_6
    case .tensorRT10: .tensorRT10
    case .tensorRT11: .tensorRT11
    case .onnxRuntime1_17: .onnxRuntime1_17
    case .tfLite, .keras: nil
    }
  }

  /// TensorRT's rules for operators; nil for others.
  var tensorRT: TensorRTRules? {
    switch self {
    case .tensorRT8_6: .version8_6
    case .tensorRT10: .version10
    case .tensorRT11: .version11
    case .onnxRuntime1_17, .tfLite, .keras: nil
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

  static let tensorRT8_6 = ONNXLimits(
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
  static let onnxRuntime1_17 = ONNXLimits(
    opsets: 7...20, newestIR: 9, writtenOpset: 20, writtenIR: 9,
    source: "ONNX Runtime's table of compatibility, onnxruntime.ai/docs/reference/compatibility.html")
}
