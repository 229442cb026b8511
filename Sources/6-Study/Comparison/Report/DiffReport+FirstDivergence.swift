extension DiffReport {
  /// The first node, in the order of running, whose inputs agree and whose output does not.
  public struct FirstDivergence: Sendable, Codable, Hashable {
    public var name: String
    public var otherName: String
    public var op: String
    public var otherOp: String
    /// The place among the left's nodes, from 0.
    public var depth: Int
    /// nil where no input is aligned.
    @ExplicitNull public var inputError: Double?
    /// nil where it is infinite.
    @ExplicitNull public var outputError: Double?
    public var explanation: String

    public init(
      name: String, otherName: String, op: String, otherOp: String, depth: Int, inputError: Double? = nil,
      outputError: Double? = nil, explanation: String
    ) {
      self.name = name
      self.otherName = otherName
      self.op = op
      self.otherOp = otherOp
      self.depth = depth
      self.inputError = inputError
      self.outputError = outputError
      self.explanation = explanation
    }

    enum CodingKeys: String, CodingKey {
      case name, op, depth, explanation
      case otherName = "other_name"
      case otherOp = "other_op"
      case inputError = "input_error"
      case outputError = "output_error"
    }
  }
}
