public import FileIO

extension DiffReport {
  /// The first node, in the order of running, whose inputs agree and whose output does not.
  public struct FirstDivergence: Sendable, Codable, Hashable {
    /// The left's node; nil where it has none there.
    @ExplicitNull public var name: String?
    /// The right's node; nil where it has none there.
    @ExplicitNull public var otherName: String?
    /// The left's operator, ONNX's `op_type`.
    @ExplicitNull public var op: String?
    /// The right's operator.
    @ExplicitNull public var otherOp: String?
    /// The place among the left's nodes, from 0.
    public var depth: Int
    /// nil where no input is aligned.
    @ExplicitNull public var inputError: Double?
    /// nil where it is infinite.
    @ExplicitNull public var outputError: Double?
    /// What was found there, in a sentence.
    public var explanation: String

    public init(
      name: String?, otherName: String?, op: String?, otherOp: String?, depth: Int, inputError: Double? = nil,
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

  /// A pair of aligned values and the nodes that make them.
  public struct Layer: Sendable, Codable, Hashable {
    /// The left's node.
    public var name: String
    /// The right's node.
    public var otherName: String
    /// The left's operator, ONNX's `op_type`.
    public var op: String
    /// The right's operator.
    public var otherOp: String
    /// How the pair was found.
    public var alignment: Alignment
    /// The left's.
    public var shape: [Int]
    /// The order of the right's axes in letters of the left's, such as `NHWC`; nil where it is the same.
    @ExplicitNull public var otherLayout: String?
    /// Whether every element is.
    public var isWithinTolerance: Bool
    /// nil where it is infinite.
    @ExplicitNull public var maxAbsoluteError: Double?
    /// The largest absolute error as a part of the right's largest magnitude; nil where it is infinite.
    @ExplicitNull public var relativeError: Double?
    /// a * b / (|a| |b|); nil where one of them is all zeros or not finite.
    @ExplicitNull public var cosineSimilarity: Double?
    /// The largest relative error among aligned inputs; nil where none is aligned.
    @ExplicitNull public var inputError: Double?

    public init(
      name: String, otherName: String, op: String, otherOp: String, alignment: Alignment, shape: [Int],
      otherLayout: String? = nil, isWithinTolerance: Bool, maxAbsoluteError: Double? = nil,
      relativeError: Double? = nil, cosineSimilarity: Double? = nil, inputError: Double? = nil
    ) {
      self.name = name
      self.otherName = otherName
      self.op = op
      self.otherOp = otherOp
      self.alignment = alignment
      self.shape = shape
      self.otherLayout = otherLayout
      self.isWithinTolerance = isWithinTolerance
      self.maxAbsoluteError = maxAbsoluteError
      self.relativeError = relativeError
      self.cosineSimilarity = cosineSimilarity
      self.inputError = inputError
    }

    enum CodingKeys: String, CodingKey {
      case name, op, alignment, shape
      case otherName = "other_name"
      case otherOp = "other_op"
      case otherLayout = "other_layout"
      case isWithinTolerance = "is_within_tolerance"
      case maxAbsoluteError = "max_absolute_error"
      case relativeError = "relative_error"
      case cosineSimilarity = "cosine_similarity"
      case inputError = "input_error"
    }
  }

  /// How a pair of values was found.
  public enum Alignment: String, Sendable, Codable, Hashable, CaseIterable {
    /// Names agree.
    case name
    /// The elements agree, up to the order of axes.
    case content
    /// Like operators on aligned inputs.
    case structure
  }

  /// Values without a counterpart.
  public struct Unmatched: Sendable, Codable, Hashable {
    /// Values of the left without a counterpart, in the order of running.
    public var left: [UnmatchedLayer]
    /// Values of the right without a counterpart, in the order of running.
    public var right: [UnmatchedLayer]

    public init(
      left: [UnmatchedLayer], right: [UnmatchedLayer]
    ) {
      self.left = left
      self.right = right
    }

    enum CodingKeys: String, CodingKey {
      case left, right
    }
  }

  /// A node whose output has no counterpart.
  public struct UnmatchedLayer: Sendable, Codable, Hashable {
    /// The left's node.
    public var name: String
    /// The left's operator, ONNX's `op_type`.
    public var op: String
    /// Such as `folded into layer1.0.conv1 on the other side`.
    public var reason: String

    public init(
      name: String, op: String, reason: String
    ) {
      self.name = name
      self.op = op
      self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
      case name, op, reason
    }
  }
}
