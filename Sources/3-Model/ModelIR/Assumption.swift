/// Something about a network that its weights do not tell, and what a graph was made with.
public struct Assumption: Sendable, Codable, Hashable {
  /// Where it comes from.
  public enum Origin: String, Sendable, Codable, CaseIterable {
    /// Nothing says so: it is what the published network has.
    case assumed
    /// It was asked for.
    case option
    /// The configuration beside the weights says so.
    case configuration
  }

  /// What it is about, in a word or two: `activation`.
  public var name: String
  /// What the graph has, as a sentence would say it: `ReLU`.
  public var value: String
  /// Where it comes from.
  public var origin: Origin

  public init(name: String, value: String, origin: Origin = .assumed) {
    self.name = name
    self.value = value
    self.origin = origin
  }

  /// What nothing says, said by the network that is built.
  package init(_ name: String, _ value: String) {
    self.init(name: name, value: value)
  }
}

extension [Assumption] {
  /// All of them on one line; those that nothing says first.
  public var text: String {
    let assumed = filter { $0.origin == .assumed }.map(\.value)
    let given = filter { $0.origin == .option }.map(\.value)
    let configured = filter { $0.origin == .configuration }.map(\.value)
    var parts = assumed.isEmpty ? [] : [assumed.joined(separator: ", ")]
    if !configured.isEmpty { parts.append("of its configuration: " + configured.joined(separator: ", ")) }
    if !given.isEmpty { parts.append("given: " + given.joined(separator: ", ")) }
    return parts.joined(separator: "; ")
  }
}
