extension DiffReport {
  /// How a parameter compares with its counterpart.
  public enum WeightStatus: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every element is the same.
    case equal
    /// Only rounding differs.
    case rounded
    case differs
    case leftOnly = "left_only"
    case rightOnly = "right_only"
    /// The same elements, with two axes exchanged.
    case transposed
    /// The same elements, with channels in another order.
    case permuted
  }
}
