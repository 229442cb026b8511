public import Architectures
public import KerasFormat
public import ModelIR
public import ONNXFormat

/// What `convert` is asked for.
public struct ConversionOptions: Sendable {
  /// The format to write; nil for what the output's extension says.
  public var format: FileFormat?
  /// How the graph is made, where the input is weights.
  public var build = BuildOptions()
  /// The options among `build` that were given in so many words; a graph of its own can't follow them.
  public var explicitBuildOptions: [String] = []
  /// All options given in so many words that only an output with a graph can follow.
  public var explicitGraphOptions: [String] = []
  public var foldBatchNormalization = true
  /// float32 or float16.
  public var dataType: DataType = .float32
  /// Whether inputs and outputs are float16 too.
  public var halfIO = false
  public var onnx = ONNXWriter.Options()
  /// The options of ONNX files that were given in so many words.
  public var explicitONNXOptions: [String] = []
  /// The order of axes in a Keras model.
  public var dataFormat: DataFormat = .channelsLast
  /// Whether a Keras file holds the weights alone, for people who have model code of their own.
  public var weightsOnly = false
  /// The ending that says which kind of Keras file is written where the output's own does not.
  public var kerasSuffix: String?
  /// The options of Keras files that differ from what is usual.
  var explicitKerasOptions: [String] {
    (dataFormat == .channelsLast ? [] : ["--data-format"]) + (weightsOnly ? ["--weights-only"] : [])
  }
  /// Whether the source's SHA-256 goes into the metadata.
  public var addsChecksum = false
  /// Whether the written file is read back, run and compared before it gets its name.
  public var verifies = true
  /// Whether an existing output is replaced.
  public var overwrite = false
  /// Threads for the verification; nil for one a processor.
  public var threads: Int?

  public init() {}
}

/// What `convert` did.
public struct ConversionReport: Sendable, Codable {
  public var input: String
  public var output: String
  public var inputFormat: String
  public var outputFormat: String
  public var architecture: String
  /// Name and type of each input of the graph; empty when a state dict was written.
  public var inputs: [String]
  public var outputs: [String]
  public var nodes: Int
  public var parameters: Int
  /// Bytes of all files that were written.
  public var bytes: Int
  /// Other files beside the output that belong to it.
  public var companionFiles: [String]
  public var notes: [String]
  public var verification: VerificationReport?
  /// Where each weight stands, if weights alone were written to a Keras file.
  public var weightNames: [WeightName]?

  /// A weight of the source and its place in a Keras file.
  public struct WeightName: Sendable, Codable {
    public var source: String
    public var layer: String
    public var dataset: String
    public var shape: [Int]

    init(_ entry: KerasWriter.NameEntry) {
      (source, layer, dataset, shape) = (entry.source, entry.layer, entry.dataset, entry.shape)
    }
  }

  enum CodingKeys: String, CodingKey {
    case input, output, architecture, inputs, outputs, nodes, parameters, bytes, notes, verification
    case inputFormat = "input_format"
    case outputFormat = "output_format"
    case companionFiles = "companion_files"
    case weightNames = "weight_names"
  }
}

/// What was compared before a written file got its name.
public struct VerificationReport: Sendable, Codable {
  /// `outputs` where graphs were run, `bits` where tensors were compared bit for bit.
  public var method: String
  /// How many values were compared.
  public var comparedValues: Int
  /// The largest error, as a part of the largest magnitude of the output that it is in.
  public var largestRelativeError: Double
  /// The tolerance that it had to stay within.
  public var tolerance: Double

  enum CodingKeys: String, CodingKey {
    case method, tolerance
    case comparedValues = "compared_values"
    case largestRelativeError = "largest_relative_error"
  }
}

/// What a conversion is doing, for a progress line.
public enum ConversionPhase: String, Sendable {
  case reading, building, writing, verifying
}
