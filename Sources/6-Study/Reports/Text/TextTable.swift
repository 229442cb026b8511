/// Columns of text with a rule under the header, as wide as the style allows.
package struct TextTable {
  package struct Column {
    var title: String
    var isNumber = false
    /// May be cut where the table would be too wide.
    var isFlexible = false

    package init(_ title: String, isNumber: Bool = false, isFlexible: Bool = false) {
      self.title = title
      self.isNumber = isNumber
      self.isFlexible = isFlexible
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []
  private var rulesBefore = Set<Int>()

  package init(_ columns: [Column]) {
    self.columns = columns
  }

  package mutating func add(_ row: [String]) {
    precondition(row.count == columns.count)
    rows.append(row)
  }

  /// Draws a rule before the next row.
  mutating func addRule() {
    rulesBefore.insert(rows.count)
  }

  /// Columns that the table takes with two between neighbours and nothing cut.
  var naturalWidth: Int { naturalWidths.reduce(0, +) + 2 * (columns.count - 1) }

  private var naturalWidths: [Int] {
    columns.indices.map { index in
      rows.reduce(columns[index].title.columns) { max($0, $1[index].columns) }
    }
  }

  /// The table without colours, as wide as it is.
  package var text: String { text(Style(isColored: false, width: .max)) }

  /// The table. `decorated` gives a cell its colours after it was padded, which takes no columns.
  func text(_ style: Style, decorated: (_ column: Int, _ row: Int, _ cell: String) -> String = { $2 })
    -> String
  {
    var widths = naturalWidths
    var gap = 2
    if naturalWidth > style.width { gap = 1 }
    var excess = widths.reduce(0, +) + gap * (columns.count - 1) - style.width
    let least = columns.map { max(6, $0.title.columns) }
    // The widest is cut first, so that none is cut to nothing beside a wide one.
    while excess > 0, style.cutsNames {
      let flexible = columns.indices.filter { columns[$0].isFlexible && widths[$0] > least[$0] }
      guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    func cells(_ row: [String]) -> [String] {
      row.indices.map { index in
        row[index].fitted(to: widths[index]).padded(to: widths[index], isRight: columns[index].isNumber)
      }
    }
    func line(_ cells: [String]) -> String {
      var result = cells.joined(separator: String(repeating: " ", count: gap))
      while result.hasSuffix(" ") { result.removeLast() }
      return result + "\n"
    }
    let rule =
      style.faint(
        String(repeating: "-", count: widths.reduce(0, +) + gap * (columns.count - 1))) + "\n"
    var result = line(cells(columns.map(\.title))) + rule
    for (number, row) in rows.enumerated() {
      if rulesBefore.contains(number) { result += rule }
      result += line(cells(row).enumerated().map { decorated($0.offset, number, $0.element) })
    }
    return result
  }
}
