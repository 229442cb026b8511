extension DiffReport {
  /// Why the outputs differ.
  public struct Cause: Sendable, Codable, Hashable {
    public var kind: CauseKind
    /// One sentence.
    public var explanation: String
    /// The left's node that has it.
    @ExplicitNull public var node: String?
    /// The parameter that has it.
    @ExplicitNull public var tensor: String?
    /// Whether a change of one side by this cause was computed and gave the other side's values.
    public var confirmed: Bool

    public init(
      kind: CauseKind, explanation: String, node: String? = nil, tensor: String? = nil, confirmed: Bool
    ) {
      self.kind = kind
      self.explanation = explanation
      self.node = node
      self.tensor = tensor
      self.confirmed = confirmed
    }

    enum CodingKeys: String, CodingKey {
      case kind, explanation, node, tensor, confirmed
    }
  }

  /// What makes two models differ.
  public enum CauseKind: String, Sendable, Codable, Hashable, CaseIterable {
    /// Nearest against linear, or another way to round to the nearest pixel.
    case resizeMode = "resize_mode"
    /// Another transformation of coordinates in a resize: align_corners, half_pixel, asymmetric.
    case alignCorners = "align_corners"
    /// Another epsilon in batch normalisation.
    case batchNormEpsilon = "batch_norm_epsilon"
    /// Other margins of a convolution or pool, counted margins, or a rounded-up extent.
    case padding
    /// A weight with two axes exchanged.
    case transposedWeights = "transposed_weights"
    /// Channels in another order.
    case permutedChannels = "permuted_channels"
    /// Weights or arithmetic rounded to float16 or bfloat16.
    case halfPrecision = "half_precision"
    /// One side ends in a softmax, the other does not.
    case missingSoftmax = "missing_softmax"
    /// RGB against BGR.
    case swappedInputChannels = "swapped_input_channels"
    /// NHWC data read as NCHW, or the other way round.
    case inputLayout = "input_layout"
    /// A parameter has other elements.
    case differentWeights = "different_weights"
    /// The same function, rounded differently.
    case rounding
  }
}
