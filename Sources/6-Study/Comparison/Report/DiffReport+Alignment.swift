extension DiffReport {
  /// How a pair of values was found.
  public enum Alignment: String, Sendable, Codable, Hashable, CaseIterable {
    /// Names agree.
    case name
    /// The elements agree, up to the order of axes.
    case content
    /// Like operators on aligned inputs.
    case structure
  }
}
