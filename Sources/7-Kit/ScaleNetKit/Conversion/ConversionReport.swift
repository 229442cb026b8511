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
  /// What a user should know, one sentence each.
  public var notes: [String]
  /// nil if no verification was wanted.
  public var verification: VerificationReport?
  /// Where each weight stands, if weights alone were written to a Keras file.
  public var weightNames: [WeightName]?

  /// A weight of the source and its place in a Keras file.
  public struct WeightName: Sendable, Codable {
    public var source: String
    public var layer: String
    public var dataset: String
    public var shape: [Int]
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
