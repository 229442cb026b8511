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
}
