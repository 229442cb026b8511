public import Deployment
public import ModelIR

/// What `convert` is asked for. What is nil or false is not asked for; what is asked for and cannot be followed, because
/// of the input, the output's format or another option, is an error.
public struct ConversionOptions: Sendable {
  /// The format to write; nil for what the output's name says.
  public var format: FileFormat?
  /// What the file is for: decides the format where its name does not, and versions of an ONNX file; a graph that the
  /// target would refuse is an error. nil for no target.
  public var target: DeploymentTarget?
  /// How the graph is made, where the input is weights.
  public var graph = GraphOptions()
  /// Whether BatchNormalization becomes part of the convolutions; nil does so in every output that holds a graph.
  public var foldBatchNormalization: Bool?
  /// float32, float16 or bfloat16: the type of weights and activations; nil for float32.
  public var dataType: DataType?
  /// Whether inputs and outputs are half precision too, with `dataType` float16 or bfloat16.
  public var halfIO = false
  /// What stays float32 beside half precision: names of nodes, or of modules such as `layer4` for all nodes in them; and
  /// `auto` for what overflows float16 on seeded inputs, or comes near it.
  public var keepFloat32: [String] = []
  /// Preprocessing of images that becomes part of the graph; nil leaves the input as the network has it.
  public var preprocessing: GraphPreprocessing?
  /// Names of the classes, which go into the metadata; nil for those of the source.
  public var labels: [String]?
  /// What concerns ONNX files alone.
  public var onnx = ONNXOptions()
  /// What concerns Keras files alone.
  public var keras = KerasOptions()
  /// Whether weights of a graph are written under the names that they have in it, where weights alone are written. If
  /// false, the graph must be a network that is known, and they get PyTorch's names.
  public var ownNames = false
  /// Whether the source's SHA-256 goes into the metadata of an ONNX file.
  public var checksum = false
  /// What the source's graph must reproduce before anything is written; nil for nothing.
  public var reference: ReferenceRecording?
  /// Whether the written file is read back, run and compared before it gets its name.
  public var verify = true
  /// Whether an existing output is replaced.
  public var overwrite = false
  /// Threads for the verification, 1 to 1024; nil for one a processor.
  public var threads: Int?

  /// What the output's name says, verified; existing files stay.
  public init() {}
}

/// How an ONNX file is written.
public struct ONNXOptions: Sendable, Hashable {
  /// Where weights are stored.
  public enum ExternalData: String, Sendable, CaseIterable {
    /// In the model, and in a file of their own only where the model would pass 2 GiB.
    case auto
    /// In a file beside the model, whatever its size.
    case always
    /// In the model; one that would pass 2 GiB, the limit of protobuf, is an error.
    case never
  }

  /// The version of ONNX's operators; nil for 17.
  public var opset: Int?
  /// The version of the file format; nil for the lowest that fits the opset. Runtimes refuse one that is newer than they
  /// know.
  public var irVersion: Int?
  /// Where weights are stored; nil for `auto`.
  public var externalData: ExternalData?

  /// Opset 17, the lowest IR version that fits, weights in the model while they fit.
  public init() {}
}

/// How a Keras file is written.
public struct KerasOptions: Sendable, Hashable {
  /// The order of the axes of images and feature maps. Raw values are Keras's.
  public enum DataFormat: String, Sendable, CaseIterable {
    /// [batch, height, width, channels], the order of TensorFlow.
    case channelsLast = "channels_last"
    /// [batch, channels, height, width], the order of PyTorch and ONNX; TensorFlow runs it on GPUs only.
    case channelsFirst = "channels_first"
  }

  /// Which kind of file is written where the output's name ends in neither `.h5` nor `.keras`.
  public enum Container: String, Sendable, CaseIterable {
    /// One HDF5 file.
    case h5
    /// A zip archive, the format of Keras 3.
    case keras
  }

  /// nil for `channelsLast`.
  public var dataFormat: DataFormat?
  /// Whether the file holds the weights alone, for people who have model code of their own.
  public var weightsOnly = false
  /// nil for `h5`.
  public var container: Container?

  /// A whole model with channels last.
  public init() {}
}
