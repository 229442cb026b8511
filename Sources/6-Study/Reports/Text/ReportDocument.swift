import FileIO

/// A report as parts, before it is said in a language of pages: headings, paragraphs and tables. Texts are plain; what they
/// could mean to a language is escaped where the report is written.
package struct ReportDocument {
  /// A text, or the cell of a table.
  package struct Run: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    let text: String
    var isStrong = false

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    static func strong(_ text: String) -> Run {
      var run = Run(text)
      run.isStrong = true
      return run
    }
  }

  enum Part {
    case heading(level: Int, [Run])
    case paragraph([Run])
    case list([String])
    /// Titles that begin with `>` stand over numbers.
    case table([String], [[Run]])
  }

  private(set) var parts: [Part] = []

  package init() {}

  package mutating func addHeading(_ level: Int, _ runs: Run...) {
    parts.append(.heading(level: level, runs))
  }

  package mutating func addParagraph(_ runs: Run...) { parts.append(.paragraph(runs)) }

  package mutating func addList(_ items: [String]) { if !items.isEmpty { parts.append(.list(items)) } }

  /// - Parameter titles: those that begin with `>` stand over numbers.
  package mutating func addTable(_ titles: [String], _ rows: [[Run]]) { parts.append(.table(titles, rows)) }

  /// A table of plain cells.
  package mutating func addTable(_ titles: [String], _ rows: [[String]]) {
    addTable(titles, rows.map { row in row.map { Run($0) } })
  }
}
