extension String {
  /// The text on one line, whatever its length: control characters and line separators are escaped.
  var onOneLine: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Lines of at most `width` columns, broken at spaces; a longer word is cut in its middle.
  func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    for word in onOneLine.split(separator: " ") {
      let word = String(word).fitted(to: width)
      if let last = lines.last, last.columns + 1 + word.columns <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines
  }
}
