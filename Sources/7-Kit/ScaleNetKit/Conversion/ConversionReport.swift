public import ModelIR

/// What `convert` did.
public struct ConversionReport: Sendable, Codable {
  /// The path of the source, or its name in memory.
  public var input: String
  /// The path that was written.
  public var output: String
  /// The raw value of the source's `FileFormat`.
  public var inputFormat: String
  /// The raw value of the output's `FileFormat`.
  public var outputFormat: String
  /// As `Model.architecture` says it.
  public var architecture: String
  /// Name and type of each input of the graph; empty when a state dict was written.
  public var inputs: [String]
  /// Name and type of each output of the graph; empty when a state dict was written.
  public var outputs: [String]
  /// Nodes of the graph after all passes; 0 when a state dict was written.
  public var nodes: Int
  /// Learnable parameters of the source.
  public var parameters: Int
  /// Bytes of all files that were written.
  public var bytes: Int
  /// Other files beside the output that belong to it.
  public var companionFiles: [String]
  /// What a user should know, one sentence each.
  public var notes: [String]
  /// What the graph has that weights do not tell; empty where the source is a graph, and where weights alone were written.
  public var assumptions: [Assumption]
  /// The recording that shows that the assumptions hold; nil if none was given.
  public var reference: ReferenceReport?
  /// How images were prepared for the network; nil where nothing says it.
  public var preprocessing: StatedPreprocessing?
  /// The layers that stay float32 in a conversion to half precision; nil in others.
  public var keptFloat32: [KeptLayer]?
  /// nil if no verification was wanted.
  public var verification: VerificationReport?
  /// Where each weight stands, if weights alone were written to a Keras file.
  public var weightNames: [WeightName]?

  /// A layer that computes in float32 among others in half precision.
  public struct KeptLayer: Sendable, Codable, Hashable {
    /// The node.
    public var name: String
    /// ONNX's `op_type`.
    public var op: String
    /// Why, in a sentence: what overflows, or that it was asked for.
    public var reason: String
  }

  /// A weight of the source and its place in a Keras file.
  public struct WeightName: Sendable, Codable {
    /// The key in the source: `layer1.0.conv1.weight`.
    public var source: String
    /// The Keras layer.
    public var layer: String
    /// The path of the dataset in the HDF5 file.
    public var dataset: String
    /// As it is stored: HWIO for convolutions, [inputs, outputs] for dense layers.
    public var shape: [Int]
  }

  enum CodingKeys: String, CodingKey {
    case input, output, architecture, inputs, outputs, nodes, parameters, bytes, notes, verification
    case assumptions, reference, preprocessing
    case inputFormat = "input_format"
    case outputFormat = "output_format"
    case companionFiles = "companion_files"
    case weightNames = "weight_names"
    case keptFloat32 = "kept_float32"
  }
}
