import FileIO

extension String {
  /// Columns that the text takes in a terminal: two for wide characters of East Asia and emoji, none for marks that
  /// combine with what is before them.
  var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

  /// The text, or its beginning and end with an ellipsis between, so that it takes at most `limit` columns.
  func fitted(to limit: Int) -> String {
    guard columns > limit else { return self }
    guard limit > 1 else { return limit == 1 ? "…" : "" }
    let head = (limit - 1) / 2
    var tail = limit - 1
    var start = ""
    var end = ""
    var taken = 0
    for scalar in unicodeScalars {
      taken += scalar.columns
      if taken > head { break }
      start.unicodeScalars.append(scalar)
    }
    tail -= start.columns
    taken = 0
    for scalar in unicodeScalars.reversed() {
      taken += scalar.columns
      if taken > tail { break }
      end.unicodeScalars.append(scalar)
    }
    return start + "…" + String(String.UnicodeScalarView(end.unicodeScalars.reversed()))
  }

  /// With spaces up to `width` columns, behind the text or before it.
  func padded(to width: Int, isRight: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - columns))
    return isRight ? padding + self : self + padding
  }
}

extension Unicode.Scalar {
  fileprivate var columns: Int {
    // Nearly all of them are ASCII, whose properties need not be looked up.
    if isASCII { return value < 0x20 || value == 0x7F ? 0 : 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
      0x20000...0x3FFFD:
      return 2
    default:
      return properties.isEmojiPresentation ? 2 : 1
    }
  }
}

extension String {
  /// Lines of at most `width` columns, broken at spaces; a longer word is cut in its middle, or has a line of its own.
  func wrapped(to width: Int, cutsWords: Bool = true) -> [String] {
    var lines: [String] = []
    for word in onOneLine.split(separator: " ") {
      let word = cutsWords ? String(word).fitted(to: width) : String(word)
      if let last = lines.last, last.columns + 1 + word.columns <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines
  }
}
