extension Int {
  /// With a comma between groups of three digits: 3,818,372,352.
  var grouped: String {
    var result = ""
    for (index, digit) in String(magnitude).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (self < 0 ? "-" : "") + String(result.reversed())
  }

  /// As a number of bytes in decimal units: 125.9 MB.
  var byteText: String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(self)
    var unit = 0
    while value >= 1000 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(self) B" : "\(value.rounded(toPlaces: 1)) \(units[unit])"
  }
}

extension Double {
  func rounded(toPlaces places: Int) -> Double {
    var factor = 1.0
    for _ in 0..<places { factor *= 10 }
    return (self * factor).rounded() / factor
  }

  /// With two significant digits and an exponent: 2.1e-07.
  var scientific: String {
    guard self != 0, isFinite else { return "\(self)" }
    var exponent = 0
    var mantissa = magnitude
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    mantissa = mantissa.rounded(toPlaces: 1)
    if mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    let digits = String(abs(exponent))
    let padded = digits.count < 2 ? "0" + digits : digits
    return (self < 0 ? "-" : "") + "\(mantissa)e" + (exponent < 0 ? "-" : "+") + padded
  }
}
