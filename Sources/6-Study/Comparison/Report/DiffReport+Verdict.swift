extension DiffReport {
  /// What a comparison comes to.
  public enum Verdict: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every output is within the tolerance.
    case match
    case differ
  }
}
