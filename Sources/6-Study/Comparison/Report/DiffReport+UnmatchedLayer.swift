extension DiffReport {
  /// A node whose output has no counterpart.
  public struct UnmatchedLayer: Sendable, Codable, Hashable {
    public var name: String
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
