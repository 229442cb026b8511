import FileIO

extension ReportDocument {
  /// The report in GitHub's dialect of Markdown.
  package var markdown: String {
    parts.map { part in
      switch part {
      case .heading(let level, let runs):
        return String(repeating: "#", count: level) + " " + runs.map { Self.markdown($0) }.joined() + "\n"
      case .paragraph(let runs):
        return Self.guardedStart(runs.map { Self.markdown($0) }.joined()) + "\n"
      case .list(let items):
        return items.map { "- \(Self.guardedStart(Self.escaped($0)))\n" }.joined()
      case .table(let titles, let rows):
        return Self.table(titles, rows)
      }
    }.joined(separator: "\n")
  }

  private static func table(_ titles: [String], _ rows: [[Run]]) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let header = titles.map { escaped($0.hasPrefix(">") ? String($0.dropFirst()) : $0, isCell: true) }
    return line(header) + line(titles.map { $0.hasPrefix(">") ? "---:" : "---" })
      + rows.map { line($0.map { markdown($0, isCell: true) }) }.joined()
  }

  private static func markdown(_ run: Run, isCell: Bool = false) -> String {
    let text = escaped(run.text, isCell: isCell)
    return run.isStrong ? "**\(text)**" : text
  }

  /// A text of one line, in which what would mean something to Markdown is escaped, and nothing else: names such as
  /// `layer1_0_conv1` and shapes such as `[1, 3]` stay as they are.
  ///
  /// - Parameter isCell: whether the text is a table's cell, which a bar would end.
  static func escaped(_ text: String, isCell: Bool = false) -> String {
    let characters = Array(text.onOneLine)
    func at(_ index: Int) -> Character? { characters.indices.contains(index) ? characters[index] : nil }
    func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }
    func isSpace(_ character: Character?) -> Bool { character.map(\.isWhitespace) ?? true }
    var result = ""
    for (index, character) in characters.enumerated() {
      let (before, after) = (at(index - 1), at(index + 1))
      switch character {
      case "`": result += "\\`"
      case "|": result += isCell ? "\\|" : "|"
      case "\\":
        // Before punctuation it would make that plain.
        let isEscape = after.map { $0.isASCII && ($0.isPunctuation || $0.isSymbol) } ?? false
        result += isEscape ? "\\\\" : "\\"
      case "*", "~":
        // Between spaces neither begins or ends anything.
        result += isSpace(before) && isSpace(after) ? "\(character)" : "\\\(character)"
      case "_":
        let isPlain = isWord(before) && isWord(after) || isSpace(before) && isSpace(after)
        result += isPlain ? "_" : "\\_"
      case "]":
        // A link, or at the beginning of a paragraph a link's definition.
        let isDefinition = !isCell && characters.first == "[" && characters.firstIndex(of: "]") == index
        let isLink = after == "(" || after == "[" || after == ":" && isDefinition
        result += isLink ? "\\]" : "]"
      case "<":
        let isTag = after.map { $0.isLetter || "/!?".contains($0) } ?? false
        result += isTag ? "&lt;" : "<"
      case "&": result += isWord(after) || after == "#" ? "&amp;" : "&"
      case ":":
        // Addresses become links, and words between colons pictures.
        result += after == "/" || isWord(after) && !isWord(before) ? "\\:" : ":"
      case "@": result += isWord(after) ? "\\@" : "@"
      default: result.append(character)
      }
    }
    return result
  }

  /// The same text, where its first character would make the line a heading, a quotation or a list.
  private static func guardedStart(_ text: String) -> String {
    guard let first = text.first else { return text }
    if "#>+-=".contains(first) { return "\\" + text }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    if !digits.isEmpty, let mark = text.dropFirst(digits.count).first, ".)".contains(mark) {
      return digits + "\\" + text.dropFirst(digits.count)
    }
    return text
  }
}
