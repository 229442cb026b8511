/// A table of a page whose header cells sort it.
struct PageTable {
  /// What a cell shows, and what it is sorted by where that is something else.
  struct Cell {
    var markup: String
    var value: String?
    var isName = false

    /// A name from a file.
    static func name(_ text: String) -> Cell { Cell(markup: text.nameMarkup, isName: true) }

    /// Text of our own.
    static func text(_ text: String) -> Cell { Cell(markup: text.markup) }

    /// A number with commas, sorted as the number.
    static func number(_ number: Int) -> Cell { Cell(markup: number.grouped, value: "\(number)") }

    /// A number shown in words of its own.
    static func number(_ number: Double, shown: String) -> Cell {
      Cell(markup: shown.markup, value: "\(number)")
    }
  }

  /// Titles that begin with `>` stand over numbers.
  let titles: [String]
  var rows: [[Cell]] = []

  init(_ titles: [String]) {
    self.titles = titles
  }

  /// The `table` element in what lets it scroll on narrow screens.
  var markup: String {
    let isNumber = titles.map { $0.hasPrefix(">") }
    var result = "<div class=\"scroll\"><table><thead><tr>"
    for (title, isNumber) in zip(titles, isNumber) {
      let text = (isNumber ? String(title.dropFirst()) : title).markup
      result +=
        "<th scope=\"col\"\(isNumber ? " class=\"number\"" : "")><button type=\"button\">\(text)</button></th>"
    }
    result += "</tr></thead>\n<tbody>\n"
    for row in rows {
      result += "<tr>"
      for (cell, isNumber) in zip(row, isNumber) {
        let kind = isNumber ? " class=\"number\"" : cell.isName ? " class=\"name\"" : ""
        let value = cell.value.map { " data-value=\"\($0.markup)\"" } ?? ""
        result += "<td\(kind)\(value)>\(cell.markup)</td>"
      }
      result += "</tr>\n"
    }
    return result + "</tbody></table></div>\n"
  }
}
