/// What stands between a model and a target; `schemas/check.schema.json` describes its JSON.
public struct DeploymentReport: Sendable, Codable, Hashable {
  /// How much a finding matters.
  public enum Severity: String, Sendable, Codable, CaseIterable {
    /// The target refuses the model.
    case error
    /// The target takes it, but computes something else than the file says.
    case warning
    /// The target takes it if something is done.
    case note
  }

  /// One thing that was found.
  public struct Finding: Sendable, Codable, Hashable {
    /// How much it matters.
    public var severity: Severity
    /// What the rule is called: `opset`, `operator`, `type`, `resize`, ...
    public var rule: String
    /// The node, input or output; nil for what is true of the whole file.
    public var node: String?
    /// ONNX's `op_type`; nil where there is no node.
    public var op: String?
    /// What was found, in a sentence.
    public var message: String
    /// What to do.
    public var remedy: String
    /// Where the rule comes from.
    public var source: String

    enum CodingKeys: String, CodingKey {
      case severity, rule, node, op, message, remedy, source
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(severity, forKey: .severity)
      try container.encode(rule, forKey: .rule)
      // A reader finds every key.
      try container.encode(node, forKey: .node)
      try container.encode(op, forKey: .op)
      try container.encode(message, forKey: .message)
      try container.encode(remedy, forKey: .remedy)
      try container.encode(source, forKey: .source)
    }

    public init(
      severity: Severity, rule: String, node: String? = nil, op: String? = nil, message: String,
      remedy: String, source: String
    ) {
      self.severity = severity
      self.rule = rule
      self.node = node
      self.op = op
      self.message = message
      self.remedy = remedy
      self.source = source
    }
  }

  /// The model's path, or its name in memory.
  public var model: String
  /// What it was checked for.
  public var target: DeploymentTarget
  /// Whether there is no finding that is an error.
  public var passes: Bool
  /// How many nodes were looked at.
  public var checkedNodes: Int
  /// Those of the file first, then by node in the order of the graph.
  public var findings: [Finding]

  enum CodingKeys: String, CodingKey {
    case model, target, passes, findings
    case checkedNodes = "checked_nodes"
  }

  package init(model: String, target: DeploymentTarget, checkedNodes: Int, findings: [Finding]) {
    self.model = model
    self.target = target
    self.checkedNodes = checkedNodes
    self.findings = findings
    passes = !findings.contains { $0.severity == .error }
  }
}
