extension String {
  /// A name or another text of a file, for a one-line message: control characters, line separators and backslashes are
  /// escaped, and what is longer than 200 characters is cut.
  package var escapedForMessage: String { escaped(upTo: 200) }

  /// The same for reports, whose names are never cut.
  package var escapedWhole: String { escaped(upTo: nil) }

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

  /// The text as a word for a shell: in quotes where a character could mean something to it.
  package var shellQuoted: String {
    let isPlain = unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || "._-/:,=@%+".unicodeScalars.contains(scalar))
    }
    if isPlain && !isEmpty { return self }
    return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
