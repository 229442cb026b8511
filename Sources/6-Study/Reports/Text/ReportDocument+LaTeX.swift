import FileIO

extension ReportDocument {
  /// The report as a part of a LaTeX document. It needs no package; numbers stand at the right of their columns.
  package var latex: String {
    parts.map { part in
      switch part {
      case .heading(let level, let runs):
        return "\\\(level <= 2 ? "section" : "subsection")*{\(runs.map(Self.latex).joined())}\n"
      case .paragraph(let runs):
        return runs.map(Self.latex).joined() + "\n"
      case .list(let items):
        return "\\begin{itemize}\n" + items.map { "\\item \(Self.latexEscaped($0))\n" }.joined()
          + "\\end{itemize}\n"
      case .table(let titles, let rows):
        let columns = titles.map { $0.hasPrefix(">") ? "r" : "l" }.joined()
        let header = titles.map { Self.latexEscaped($0.hasPrefix(">") ? String($0.dropFirst()) : $0) }
        func line(_ cells: [String]) -> String { cells.joined(separator: " & ") + " \\\\\n" }
        return "\\begin{tabular}{\(columns)}\n\\hline\n" + line(header) + "\\hline\n"
          + rows.map { line($0.map(Self.latex)) }.joined() + "\\hline\n\\end{tabular}\n"
      }
    }.joined(separator: "\n")
  }

  private static func latex(_ run: Run) -> String {
    run.isStrong ? "\\textbf{\(latexEscaped(run.text))}" : latexEscaped(run.text)
  }

  /// A text of one line, in which nothing means anything to LaTeX.
  static func latexEscaped(_ text: String) -> String {
    var result = ""
    for character in text.onOneLine {
      switch character {
      case "\\": result += "\\textbackslash{}"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "<": result += "\\textless{}"
      case ">": result += "\\textgreater{}"
      case "|": result += "\\textbar{}"
      case "-": result += result.hasSuffix("-") ? "{}-" : "-"
      // A bracket that begins a cell would be taken for an argument of the line break before it.
      case "[": result += "{[}"
      case "*": result += "{*}"
      case _ where "&%$#_{}".contains(character): result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }
}
