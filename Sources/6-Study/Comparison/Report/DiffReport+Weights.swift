public import FileIO

extension DiffReport {
  /// A pair of parameters that are not equal, or a parameter of one side alone.
  public struct Weight: Sendable, Codable, Hashable {
    /// nil where only the right has it.
    @ExplicitNull public var name: String?
    /// nil where only the left has it.
    @ExplicitNull public var otherName: String?
    /// As the side that is named first holds it.
    public var shape: [Int]
    /// How the two compare.
    public var status: WeightStatus
    /// Largest difference of two elements; nil where there is no pair, or where it is infinite.
    @ExplicitNull public var maxAbsoluteError: Double?
    /// The largest absolute error as a part of the right's largest magnitude.
    @ExplicitNull public var relativeError: Double?
    /// Such as `folded with bn1` or `16 of 1024 elements differ`.
    @ExplicitNull public var note: String?

    public init(
      name: String? = nil, otherName: String? = nil, shape: [Int], status: WeightStatus,
      maxAbsoluteError: Double? = nil, relativeError: Double? = nil, note: String? = nil
    ) {
      self.name = name
      self.otherName = otherName
      self.shape = shape
      self.status = status
      self.maxAbsoluteError = maxAbsoluteError
      self.relativeError = relativeError
      self.note = note
    }

    enum CodingKeys: String, CodingKey {
      case name, shape, status, note
      case otherName = "other_name"
      case maxAbsoluteError = "max_absolute_error"
      case relativeError = "relative_error"
    }
  }

  /// How a parameter compares with its counterpart.
  public enum WeightStatus: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every element is the same.
    case equal
    /// Only rounding differs.
    case rounded
    /// Other numbers, in no relation that is known here.
    case differs
    /// A parameter that the right lacks.
    case leftOnly = "left_only"
    /// A parameter that the left lacks.
    case rightOnly = "right_only"
    /// The same elements, with two axes exchanged.
    case transposed
    /// The same elements, with channels in another order.
    case permuted
  }
}
