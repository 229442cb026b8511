extension DiffReport {
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
