public import FileIO

extension DiffReport {
  /// Why the outputs differ.
  public struct Cause: Sendable, Codable, Hashable {
    /// What makes the models differ.
    public var kind: CauseKind
    /// One sentence.
    public var explanation: String
    /// The left's node that has it; nil where the left has no such node.
    @ExplicitNull public var node: String?
    /// The right's node.
    @ExplicitNull public var otherNode: String?
    /// The parameter that has it.
    @ExplicitNull public var tensor: String?
    /// Whether a change of one side by this cause was computed and gave the other side's values.
    public var confirmed: Bool

    public init(
      kind: CauseKind, explanation: String, node: String? = nil, otherNode: String? = nil,
      tensor: String? = nil, confirmed: Bool
    ) {
      self.kind = kind
      self.explanation = explanation
      self.node = node
      self.otherNode = otherNode
      self.tensor = tensor
      self.confirmed = confirmed
    }

    enum CodingKeys: String, CodingKey {
      case kind, explanation, node, tensor, confirmed
      case otherNode = "other_node"
    }
  }

  /// What was tried in vain to find a cause.
  public struct Search: Sendable, Codable, Hashable {
    /// Places where values part that were looked at.
    public var places: Int
    /// Changes that were tried at these places.
    public var changes: Int
    /// Changes that were tried on a whole graph and its inputs.
    public var runs: Int
    /// The kinds of causes that these changes stand for.
    public var kinds: [CauseKind]
    /// Whether all that fitted was tried; otherwise the search came to its bound.
    public var isComplete: Bool
    /// One sentence.
    public var explanation: String

    public init(
      places: Int, changes: Int, runs: Int, kinds: [CauseKind], isComplete: Bool, explanation: String
    ) {
      self.places = places
      self.changes = changes
      self.runs = runs
      self.kinds = kinds
      self.isComplete = isComplete
      self.explanation = explanation
    }

    enum CodingKeys: String, CodingKey {
      case places, changes, runs, kinds, explanation
      case isComplete = "is_complete"
    }
  }

  /// What makes two models differ.
  public enum CauseKind: String, Sendable, Codable, Hashable, CaseIterable {
    /// A node that only the left has.
    case missingNode = "missing_node"
    /// A node that only the right has.
    case addedNode = "added_node"
    /// An input that comes from another node, or parts in another order.
    case wiring
    /// Another operator in the same place.
    case `operator`
    /// An activation function left out, added, of another kind or with other limits.
    case activation
    /// Maximum against mean, another extent or other axes of a pool or mean.
    case pooling
    /// Other steps of a convolution or pool.
    case stride
    /// Other distances between the elements of a kernel.
    case dilation
    /// Another number of groups of channels.
    case groups
    /// Another attribute.
    case attribute
    /// A bias that one side lacks.
    case missingBias = "missing_bias"
    /// Weights, or weights and activations, in steps of int8 or other integers.
    case quantizedWeights = "quantized_weights"
    /// Products of numbers with mantissas of 10 bits, TensorFloat-32.
    case tf32
    /// What prepares images, such as x / 255 or a mean, on one side only.
    case preprocessing
    /// A class for the background, before or behind the others.
    case backgroundClass = "background_class"
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
    /// An output with its axes in another order, or in another shape.
    case outputLayout = "output_layout"
    /// Images of a batch in another order.
    case batchOrder = "batch_order"
    /// A parameter has other elements.
    case differentWeights = "different_weights"
    /// The same function, rounded differently.
    case rounding
  }
}
