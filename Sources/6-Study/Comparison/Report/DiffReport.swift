/// What `diff` says of two models, or a model and recorded outputs; `schemas/diff.schema.json` describes its JSON.
///
/// The left is compared with the right, which is the reference of relative errors.
public struct DiffReport: Sendable, Codable, Hashable {
  public var verdict: Verdict
  /// The verdict with its reason, in one or two sentences.
  public var explanation: String
  /// How a difference is told apart; nil where it cannot be told, as between two recordings.
  @ExplicitNull public var kind: Kind?
  public var left: Side
  public var right: Side
  public var tolerance: ElementTolerance
  /// How many batches of inputs were compared.
  public var batches: Int
  public var inputs: [Input]
  public var outputs: [Output]
  /// Aligned intermediate values in the order of running; empty where they were not asked for.
  public var layers: [Layer]
  /// Values that stand on one side only; nil where layers were not asked for.
  @ExplicitNull public var unmatched: Unmatched?
  /// The first node whose inputs agree and whose output does not.
  @ExplicitNull public var firstDivergence: FirstDivergence?
  /// Why the outputs differ.
  @ExplicitNull public var cause: Cause?
  /// Parameters that are not equal; nil where they were not compared.
  @ExplicitNull public var weights: [Weight]?
  /// How many pairs of parameters were compared; nil where they were not.
  @ExplicitNull public var weightsCompared: Int?
  /// What a user should know of the comparison, one sentence each.
  public var notes: [String]

  public init(
    verdict: Verdict, explanation: String, kind: Kind? = nil, left: Side, right: Side,
    tolerance: ElementTolerance, batches: Int, inputs: [Input], outputs: [Output], layers: [Layer] = [],
    unmatched: Unmatched? = nil, firstDivergence: FirstDivergence? = nil, cause: Cause? = nil,
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
    self.weights = weights
    self.weightsCompared = weightsCompared
    self.notes = notes
  }

  enum CodingKeys: String, CodingKey {
    case verdict, explanation, kind, left, right, tolerance, batches, inputs, outputs, layers, unmatched,
      cause, weights, notes
    case firstDivergence = "first_divergence"
    case weightsCompared = "weights_compared"
  }
}
