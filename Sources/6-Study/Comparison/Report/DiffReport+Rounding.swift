extension DiffReport {
  /// Largest absolute errors as parts of the reference's largest magnitude, of the first batch.
  public struct Rounding: Sendable, Codable, Hashable {
    /// The left in float32 against the left in Double; nil where it is infinite.
    @ExplicitNull public var leftError: Double?
    /// The right in float32 against the right in Double.
    @ExplicitNull public var rightError: Double?
    /// The left in Double against the right in Double.
    @ExplicitNull public var doubleError: Double?

    public init(
      leftError: Double? = nil, rightError: Double? = nil, doubleError: Double? = nil
    ) {
      self.leftError = leftError
      self.rightError = rightError
      self.doubleError = doubleError
    }

    enum CodingKeys: String, CodingKey {
      case leftError = "left_error"
      case rightError = "right_error"
      case doubleError = "double_error"
    }
  }
}
