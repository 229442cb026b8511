import FileIO

/// Comma-separated values (RFC 4180, with LF): a header and rows, with exact numbers. In names, control characters and
/// backslashes are escaped as in messages, so that a name is one line; all else is data and stays as it is, a first `=` too.
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
    let text = text.escaped(upTo: nil)
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0 == " " }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
