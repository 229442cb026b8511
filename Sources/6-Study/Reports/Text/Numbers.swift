import FileIO

extension Int {
  /// With a comma between groups of three digits: 3,818,372,352.
  package var grouped: String {
    var result = ""
    for (index, digit) in String(magnitude).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (self < 0 ? "-" : "") + String(result.reversed())
  }

  /// Three significant digits and a decimal prefix: 118k, 31.5M, 3.82G.
  var short: String { abbreviated(["", "k", "M", "G", "T", "P", "E"], separator: "") }

  /// Three significant digits and a decimal unit of bytes: 126 MB.
  package var byteText: String { abbreviated(["B", "kB", "MB", "GB", "TB", "PB", "EB"], separator: " ") }

  private func abbreviated(_ units: [String], separator: String) -> String {
    var value = Double(self)
    var unit = 0
    // 999.5 and more would be rounded to four digits.
    while value.magnitude >= (unit == 0 ? 1000 : 999.5) && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let places = unit == 0 || value.magnitude >= 99.95 ? 0 : value.magnitude >= 9.995 ? 1 : 2
    return value.fixed(places) + separator + units[unit]
  }
}

extension Double {
  /// With at most two digits behind the point: a coordinate.
  var coordinate: String {
    var text = fixed(2)
    if text.hasSuffix("00") { text.removeLast(3) } else if text.hasSuffix("0") { text.removeLast() }
    return text
  }
}

extension Double {
  /// The shortest digits that give this number back; as float32 where it is one.
  var shortest: String {
    let narrow = Float(self)
    return Double(narrow) == self ? "\(narrow)" : "\(self)"
  }
}

extension Double? {
  /// An error as text; nil is an infinite one.
  var errorText: String { self?.scientific ?? "inf" }
}
