public import FileIO

extension DiffReport {
  /// Whether one side is in lower precision, and undoing that was computed and left no difference.
  package var isLowerPrecisionAlone: Bool {
    guard precision != nil, search == nil, let cause, cause.confirmed, otherCauses.isEmpty else {
      return false
    }
    return cause.kind == .halfPrecision || cause.kind == .quantizedWeights
  }

  /// What lower precision costs, where one side is in float32 and the other holds weights or activations in fewer bits.
  public struct Precision: Sendable, Codable, Hashable {
    /// The side in lower precision: `left` or `right`.
    public var side: String
    /// The type of its weights, or of its activations where no weight is held in fewer bits.
    public var type: String
    /// The root of the mean square of the outputs' errors, as a part of the reference's.
    @ExplicitNull public var outputError: Double?
    /// Layers in the order of what they add to the outputs' error, largest first.
    public var layers: [PrecisionLayer]
    /// What to keep in float32.
    public var advice: PrecisionAdvice

    public init(
      side: String, type: String, outputError: Double?, layers: [PrecisionLayer], advice: PrecisionAdvice
    ) {
      self.side = side
      self.type = type
      self.outputError = outputError
      self.layers = layers
      self.advice = advice
    }

    enum CodingKeys: String, CodingKey {
      case side, type, layers, advice
      case outputError = "output_error"
    }
  }

  /// A layer in lower precision: a node with weights, or another, with what rounds its weights and its result. Errors are
  /// roots of mean squares, as parts of the reference's values there.
  public struct PrecisionLayer: Sendable, Codable, Hashable {
    /// The node in float32 that the layer is named after; of a rounded input of the graph, its name.
    public var name: String
    /// ONNX's `op_type`; `input` for an input of the graph.
    public var op: String
    /// All nodes in float32 that it stands for.
    public var nodes: [String]
    /// Its weight, as far as that is held in fewer bits.
    @ExplicitNull public var weight: Rounded?
    /// Its result, as far as that is held in fewer bits.
    @ExplicitNull public var activation: Rounded?
    /// The error that the steps of weight and result explain where the layer is given the reference's values: both are
    /// rounded to their steps, and nothing is clipped. nil where that cannot be computed.
    @ExplicitNull public var explainedError: Double?
    /// The error that the layer has where it is given the reference's values.
    @ExplicitNull public var foundError: Double?
    /// The error of its result in a run of the whole graph.
    @ExplicitNull public var accumulatedError: Double?
    /// The error of the outputs if this layer alone is in lower precision; nil where that was not run.
    @ExplicitNull public var outputError: Double?
    /// Whether steps explain what was found; nil where one of both is not known.
    @ExplicitNull public var isExplained: Bool?

    public init(
      name: String, op: String, nodes: [String], weight: Rounded? = nil, activation: Rounded? = nil,
      explainedError: Double? = nil, foundError: Double? = nil, accumulatedError: Double? = nil,
      outputError: Double? = nil, isExplained: Bool? = nil
    ) {
      self.name = name
      self.op = op
      self.nodes = nodes
      self.weight = weight
      self.activation = activation
      self.explainedError = explainedError
      self.foundError = foundError
      self.accumulatedError = accumulatedError
      self.outputError = outputError
      self.isExplained = isExplained
    }

    enum CodingKeys: String, CodingKey {
      case name, op, nodes, weight, activation
      case explainedError = "explained_error"
      case foundError = "found_error"
      case accumulatedError = "accumulated_error"
      case outputError = "output_error"
      case isExplained = "is_explained"
    }
  }

  /// A tensor that is held in steps.
  public struct Rounded: Sendable, Codable, Hashable {
    /// The type that it is held in.
    public var type: String
    /// Half of the largest step, in plain numbers: the most that rounding adds. In a half type, where steps follow the
    /// numbers, of the largest element.
    public var halfStep: Double
    /// The largest difference from the reference among elements that are not clipped; of an activation nil, as it is
    /// computed of rounded weights.
    @ExplicitNull public var largestError: Double?
    /// Elements of the reference that lie more than half a step outside of what the type holds.
    public var clippedCount: Int
    /// All elements that were looked at.
    public var elementCount: Int

    public init(type: String, halfStep: Double, largestError: Double?, clippedCount: Int, elementCount: Int) {
      self.type = type
      self.halfStep = halfStep
      self.largestError = largestError
      self.clippedCount = clippedCount
      self.elementCount = elementCount
    }

    enum CodingKeys: String, CodingKey {
      case type
      case halfStep = "half_step"
      case largestError = "largest_error"
      case clippedCount = "clipped_count"
      case elementCount = "element_count"
    }
  }

  /// Which layers to keep in float32.
  public struct PrecisionAdvice: Sendable, Codable, Hashable {
    /// Layers that bring the outputs within the tolerance if they are computed from the float32 side's operators and
    /// weights, by name; empty where that is not needed or not enough.
    public var keep: [String]
    /// What was run to find them: the first of the layers in their order, and the outputs' error.
    public var steps: [Step]
    /// Whether the outputs are within the tolerance with these layers kept.
    public var isWithinTolerance: Bool
    /// One sentence.
    public var explanation: String
    /// How a model with these layers in float32 is made; nil where none are to be kept.
    @ExplicitNull public var command: String?

    /// Some layers kept, and what it gave.
    public struct Step: Sendable, Codable, Hashable {
      /// How many layers are kept: the first in the order of the report.
      public var count: Int
      /// The outputs' error then, as a root mean square and part of the reference's.
      @ExplicitNull public var outputError: Double?
      /// Whether the outputs agree then.
      public var isWithinTolerance: Bool

      public init(count: Int, outputError: Double?, isWithinTolerance: Bool) {
        self.count = count
        self.outputError = outputError
        self.isWithinTolerance = isWithinTolerance
      }

      enum CodingKeys: String, CodingKey {
        case count
        case outputError = "output_error"
        case isWithinTolerance = "is_within_tolerance"
      }
    }

    public init(
      keep: [String], steps: [Step], isWithinTolerance: Bool, explanation: String, command: String? = nil
    ) {
      self.keep = keep
      self.steps = steps
      self.isWithinTolerance = isWithinTolerance
      self.explanation = explanation
      self.command = command
    }

    enum CodingKeys: String, CodingKey {
      case keep, steps, explanation, command
      case isWithinTolerance = "is_within_tolerance"
    }
  }
}
