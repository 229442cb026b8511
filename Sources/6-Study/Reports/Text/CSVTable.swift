import FileIO

/// Comma-separated values (RFC 4180, with LF): a header and rows, with exact numbers. In names, control characters are
/// escaped, and a first character that makes a spreadsheet run a cell as a formula stands behind an apostrophe.
package struct CSVTable {
  private var lines: [[String]]

  package init(_ header: [String]) { lines = [header] }

  /// Adds a row of cells that need no quotes; names come from `name(_:)`.
  package mutating func add(_ row: [String]) {
    precondition(row.count == lines[0].count)
    lines.append(row)
  }

  package var text: String { lines.map { $0.joined(separator: ",") + "\n" }.joined() }

  /// A name, or another text that may hold anything, as a cell.
  package static func name(_ text: String) -> String {
    var text = text.escapedForMessage
    if let first = text.first, "=+-@".contains(first), text != "-" { text = "'" + text }
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0 == " " }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
