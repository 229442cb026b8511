extension String {
  /// The text for a one-line message: control characters, line separators and backslashes are escaped, and what is
  /// longer than 200 characters is cut.
  package var escapedForMessage: String {
    var result = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == 200 { return result + "..." }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        if scalar == "\\" { result += "\\\\" } else { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }
}
