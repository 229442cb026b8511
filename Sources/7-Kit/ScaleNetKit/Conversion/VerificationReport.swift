import Comparison

/// What was shown before a written file got its name.
public struct VerificationReport: Sendable, Codable, Hashable {
  /// What a limit was taken from.
  public enum Limit: String, Sendable, Codable, CaseIterable {
    /// A fixed one: 1e-5 of the largest magnitude in float32, 1e-2 in half types.
    case fixed
    /// Four times the error that float32 makes in the source itself.
    case sourceRounding = "source_rounding"
  }

  /// `outputs` where weights were compared and graphs were run, `bits` where tensors were compared bit for bit.
  public var method: String
  /// How many values of outputs, or of tensors, were compared.
  public var comparedValues: Int
  /// The largest error in the type that was written, as a part of the largest magnitude of the output that it is in.
  public var largestRelativeError: Double
  /// The limit that it had to stay within.
  public var tolerance: Double
  /// What decided that limit; nil for `bits`, as are all that follow.
  public var limit: Limit?
  /// How many of the source's numbers were held against those of the file, each to the rounding of its type.
  public var comparedWeights: Int?
  /// How many numbers the source's parameters are.
  public var weights: Int?
  /// How far source and file are apart in Double, the source's weights in both, as a part of the largest magnitude. 0 where
  /// they are the same graph then, operator by operator, so that computing it twice would show nothing.
  public var exactError: Double?
  /// The limit that this had to stay within.
  public var exactTolerance: Double?
  /// How far the source in float32 is from itself in Double, as a part of the largest magnitude.
  public var sourceError: Double?
  /// The same in units of float32's rounding, 2^-24: how much the network amplifies rounding.
  public var amplification: Double?

  /// Elements of outputs that are NaN in both, of which nothing is known.
  public var undecidedValues: Int?

  enum CodingKeys: String, CodingKey {
    case method, tolerance, limit, weights, amplification
    case comparedValues = "compared_values"
    case largestRelativeError = "largest_relative_error"
    case comparedWeights = "compared_weights"
    case exactError = "exact_error"
    case exactTolerance = "exact_tolerance"
    case sourceError = "source_error"
    case undecidedValues = "undecided_values"
  }

  /// Tensors of so many numbers that are the same bit for bit.
  init(bits count: Int) {
    method = "bits"
    comparedValues = count
    largestRelativeError = 0
    tolerance = 0
  }

  init(_ proof: GraphProof, _ tolerance: Tolerance) {
    method = "outputs"
    comparedValues = proof.comparedValues
    largestRelativeError = proof.error
    self.tolerance = proof.limit
    limit = proof.limit > tolerance.absolute ? .sourceRounding : .fixed
    comparedWeights = proof.weights.compared
    weights = proof.weights.total
    exactError = proof.exactError
    exactTolerance = proof.exactLimit
    sourceError = proof.sourceError
    undecidedValues = proof.undecidedValues
    amplification = proof.sourceError / 0x1p-24
  }
}
