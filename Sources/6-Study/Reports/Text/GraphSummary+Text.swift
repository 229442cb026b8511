import FileIO
import ModelIR

extension GraphSummary {
  /// What the file says of its graph, as names and texts; names from the file are escaped.
  var rows: [(name: String, text: String)] {
    var rows: [(name: String, text: String)] = []
    if !name.isEmpty { rows.append(("graph", name.escapedWhole)) }
    rows.append(
      (
        "inputs",
        inputs.isEmpty ? "none" : inputs.map { $0.text(\.escapedWhole) }.joined(separator: ", ")
      ))
    rows.append(
      (
        "outputs",
        outputs.isEmpty ? "none" : outputs.map { $0.text(\.escapedWhole) }.joined(separator: ", ")
      ))
    if let producer {
      rows.append(
        (
          "producer",
          ([producer] + (producerVersion.map { [$0] } ?? [])).joined(separator: " ").escapedWhole
        ))
    }
    if !versions.isEmpty { rows.append(("versions", versions.escapedWhole)) }
    for entry in metadata {
      rows.append(("metadata", "\(entry.key.escapedWhole): \(Self.cut(entry.value.escapedWhole))"))
    }
    var kinds = operators.prefix(Self.mostKinds).map { "\($0.count) \($0.name.escapedWhole)" }
    if operators.count > Self.mostKinds { kinds.append("\(operators.count - Self.mostKinds) more kinds") }
    rows.append(("operators", kinds.isEmpty ? "none" : kinds.joined(separator: ", ")))
    if functions > 0 { rows.append(("functions", "\(functions)")) }
    rows.append(("initializers", initializerText))
    return rows
  }

  /// The versions of operators, then of the format, as the file has them.
  var versions: String {
    var parts = opsets.map { set in
      set.domain == "ai.onnx" ? "opset \(set.version)" : "\(set.domain) \(set.version)"
    }
    if let irVersion { parts.append("IR \(irVersion)") }
    return parts.joined(separator: ", ")
  }

  /// More kinds of operators than any network has that somebody reads; JSON and CSV have all.
  private static let mostKinds = 60

  private var initializerText: String {
    guard initializerCount > 0 else { return "none" }
    let largest = largestInitializers.map { "\($0.text) \($0.bytes.byteText)" }.joined(separator: ", ")
    return "\(initializerCount.grouped), \(initializerBytes.byteText); the largest: \(largest)"
  }

  /// Values may be as long as a list of a thousand classes.
  private static func cut(_ text: String) -> String { text.count > 120 ? text.prefix(119) + "…" : text }

  /// The same for a terminal: names in a column, texts wrapped beside it.
  func lines(_ style: Style) -> String {
    let width = rows.map(\.name.columns).max() ?? 0
    return rows.map { row in
      row.text.wrapped(to: style.width - width - 2).enumerated().map { index, line in
        (index == 0 ? row.name : "").padded(to: width) + "  \(line)\n"
      }.joined()
    }.joined()
  }
}

extension GraphSummary.Port {
  /// `x float32[n, 3, h, w]`, each name as `shown` has it.
  func text(_ shown: (String) -> String = { $0 }) -> String {
    let extents = shape.map { "[" + $0.map { shown($0.description) }.joined(separator: ", ") + "]" }
    let type = shown(type ?? "") + (extents ?? "")
    return shown(name) + (type.isEmpty ? "" : " \(type)")
  }
}

extension GraphSummary.Initializer {
  /// `fc.weight float32[1000, 2048]`.
  var text: String {
    "\(name.escapedWhole) \(type.escapedWhole)[\(shape.map(String.init).joined(separator: ", "))]"
  }
}
