/// Columns of text with a rule under the header. Numbers stand to the right.
struct Table {
  enum Alignment { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []
  private var rulesBefore = Set<Int>()

  init(_ columns: [(title: String, alignment: Alignment)]) {
    header = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  mutating func add(_ row: [String]) {
    precondition(row.count == header.count)
    rows.append(row)
  }

  /// Draws a rule before the next row.
  mutating func addRule() {
    rulesBefore.insert(rows.count)
  }

  var text: String {
    var widths = header.map(\.count)
    for row in rows {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    func line(_ cells: [String]) -> String {
      var result = ""
      for (column, cell) in cells.enumerated() {
        if column > 0 { result += "  " }
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        result += alignments[column] == .left ? cell + padding : padding + cell
      }
      while result.hasSuffix(" ") { result.removeLast() }
      return result + "\n"
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1)) + "\n"
    var result = line(header) + rule
    for (index, row) in rows.enumerated() {
      if rulesBefore.contains(index) { result += rule }
      result += line(row)
    }
    return result
  }
}
