public import FileIO

extension DiffReport {
  /// Where a network makes rounding larger than it was.
  public struct Amplification: Sendable, Codable, Hashable {
    /// The side that was looked into: `left` or `right`.
    public var side: String
    /// Its outputs in float32 against those in Double: the largest error, of the largest magnitude.
    public var outputError: Double
    /// The nodes that amplify most, largest factor first; empty where rounding grows little by little.
    public var nodes: [Node]
    /// One sentence.
    public var explanation: String

    /// A node whose output's relative error is far above that of its inputs.
    public struct Node: Sendable, Codable, Hashable {
      /// As the file has it.
      public var name: String
      /// ONNX's `op_type`.
      public var op: String
      /// The largest error among its inputs in float32 against Double, of the largest magnitude.
      public var inputError: Double
      /// That of its output.
      public var outputError: Double
      /// Output over input, where an input's error counts as at least the rounding of one operation.
      public var factor: Double
      /// What in its numbers does it; nil where that is not known.
      @ExplicitNull public var reason: String?

      public init(
        name: String, op: String, inputError: Double, outputError: Double, factor: Double, reason: String?
      ) {
        self.name = name
        self.op = op
        self.inputError = inputError
        self.outputError = outputError
        self.factor = factor
        self.reason = reason
      }

      enum CodingKeys: String, CodingKey {
        case name, op, factor, reason
        case inputError = "input_error"
        case outputError = "output_error"
      }
    }

    public init(side: String, outputError: Double, nodes: [Node], explanation: String) {
      self.side = side
      self.outputError = outputError
      self.nodes = nodes
      self.explanation = explanation
    }

    enum CodingKeys: String, CodingKey {
      case side, nodes, explanation
      case outputError = "output_error"
    }
  }
}
