import FileIO

extension String {
  /// The text for an element or a quoted attribute of HTML or XML: what would be markup is a character reference, and
  /// a control character, which XML cannot hold, is U+FFFD.
  var markup: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where scalar.properties.generalCategory == .control || scalar.value & 0xFFFE == 0xFFFE:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A name from a file for an element or attribute: control characters are escaped as in messages.
  var nameMarkup: String { escapedWhole.markup }

  /// A sentence for an element or attribute, whole however long it is.
  var sentenceMarkup: String { onOneLine.markup }
}
