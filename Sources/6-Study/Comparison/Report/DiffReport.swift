public import FileIO
import ModelIR

/// What `diff` says of two models, or a model and recorded outputs; `schemas/diff.schema.json` describes its JSON.
///
/// The left is compared with the right, which is the reference of relative errors.
public struct DiffReport: Sendable, Codable, Hashable {
  /// What the comparison comes to.
  public var verdict: Verdict
  /// The verdict with its reason, in one or two sentences.
  public var explanation: String
  /// How a difference is told apart; nil where it cannot be told, as between two recordings.
  @ExplicitNull public var kind: Kind?
  /// The side that was judged.
  public var left: Side.Info
  /// The reference.
  public var right: Side.Info
  /// What the elements of outputs and layers were judged by.
  public var tolerance: Tolerance
  /// How many batches of inputs were compared.
  public var batches: Int
  /// What both sides were given; empty for two recordings.
  public var inputs: [Input]
  /// Outputs that both sides have, in the left's order.
  public var outputs: [Output]
  /// Aligned intermediate values in the order of running; empty where they were not asked for.
  public var layers: [Layer]
  /// Values that stand on one side only; nil where layers were not asked for.
  @ExplicitNull public var unmatched: Unmatched?
  /// The first node whose inputs agree and whose output does not.
  @ExplicitNull public var firstDivergence: FirstDivergence?
  /// Why the outputs differ.
  @ExplicitNull public var cause: Cause?
  /// What else differs, in the order of running: found after undoing the causes before.
  public var otherCauses: [Cause]
  /// What was tried in vain to find a cause; nil where everything that differs has a cause, or none was looked for.
  @ExplicitNull public var search: Search?
  /// Where rounding is amplified; nil where it is far from deciding.
  @ExplicitNull public var amplification: Amplification?
  /// What lower precision costs; nil unless one side alone is in lower precision.
  @ExplicitNull public var precision: Precision?
  /// Parameters that are not equal; nil where they were not compared.
  @ExplicitNull public var weights: [Weight]?
  /// How many pairs of parameters were compared; nil where they were not.
  @ExplicitNull public var weightsCompared: Int?
  /// What a user should know of the comparison, one sentence each.
  public var notes: [String]

  public init(
    verdict: Verdict, explanation: String, kind: Kind? = nil, left: Side.Info, right: Side.Info,
    tolerance: Tolerance, batches: Int, inputs: [Input], outputs: [Output], layers: [Layer] = [],
    unmatched: Unmatched? = nil, firstDivergence: FirstDivergence? = nil, cause: Cause? = nil,
    otherCauses: [Cause] = [], search: Search? = nil, amplification: Amplification? = nil,
    precision: Precision? = nil,
    weights: [Weight]? = nil, weightsCompared: Int? = nil, notes: [String] = []
  ) {
    self.verdict = verdict
    self.explanation = explanation
    self.kind = kind
    self.left = left
    self.right = right
    self.tolerance = tolerance
    self.batches = batches
    self.inputs = inputs
    self.outputs = outputs
    self.layers = layers
    self.unmatched = unmatched
    self.firstDivergence = firstDivergence
    self.cause = cause
    self.otherCauses = otherCauses
    self.search = search
    self.amplification = amplification
    self.precision = precision
    self.weights = weights
    self.weightsCompared = weightsCompared
    self.notes = notes
  }

  enum CodingKeys: String, CodingKey {
    case verdict, explanation, kind, left, right, tolerance, batches, inputs, outputs, layers, unmatched,
      cause, search, amplification, precision, weights, notes
    case firstDivergence = "first_divergence"
    case otherCauses = "other_causes"
    case weightsCompared = "weights_compared"
  }
}

extension DiffReport {
  /// What both sides were given.
  public struct Input: Sendable, Codable, Hashable {
    /// The left's name; of a recording, the right's.
    public var name: String
    /// The right's name; nil for a recording.
    @ExplicitNull public var otherName: String?
    /// As it was computed with, NCHW where it is an image.
    public var shape: [Int]
    /// `seed 0`, or the path of the file that was given.
    public var source: String
    /// What the left's file takes: `NCHW`, `NHWC`, or `any` where it is no image.
    public var layout: String
    /// What the right's file takes.
    public var otherLayout: String

    public init(
      name: String, otherName: String? = nil, shape: [Int], source: String, layout: String,
      otherLayout: String
    ) {
      self.name = name
      self.otherName = otherName
      self.shape = shape
      self.source = source
      self.layout = layout
      self.otherLayout = otherLayout
    }

    init(_ input: ComparisonInput) {
      self.init(
        name: input.name, otherName: input.otherName, shape: input.tensor.shape.dimensions,
        source: input.source, layout: input.layout, otherLayout: input.otherLayout)
    }

    enum CodingKeys: String, CodingKey {
      case name, shape, source, layout
      case otherName = "other_name"
      case otherLayout = "other_layout"
    }
  }

  /// What a comparison comes to.
  public enum Verdict: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every output is within the tolerance.
    case match
    /// Some element of some output is not.
    case differ
  }

  /// What a difference is made of.
  public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every element is the same.
    case identical
    /// Both compute the same function; float32 rounds it differently.
    case rounding
    /// Weights or semantics differ.
    case real
  }
}
