extension String {
  /// A name or another text of a file, for a one-line message: control characters, line separators and backslashes are
  /// escaped, and what is longer than 200 characters is cut.
  package var escapedForMessage: String { escaped(upTo: 200) }

  /// The same with another length at which it is cut; nil for none.
  package func escaped(upTo limit: Int?) -> String {
    var result = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == limit { return result + "..." }
      count += 1
      if let byte = Self.escapedByte(scalar) {
        result += "\\x" + String(byte, radix: 16)
      } else if scalar == "\\" {
        result += "\\\\"
      } else {
        result.appendVisibly(scalar)
      }
    }
    return result
  }

  /// A sentence for one line, whole: control characters and line separators are escaped.
  package var onOneLine: String {
    var result = ""
    for scalar in unicodeScalars { result.appendVisibly(scalar) }
    return result
  }

  private mutating func appendVisibly(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
      self += "\\u{" + String(scalar.value, radix: 16) + "}"
    default:
      unicodeScalars.append(scalar)
    }
  }
}
