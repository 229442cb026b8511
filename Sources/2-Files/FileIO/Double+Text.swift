/// Numbers in sentences and reports.
extension Double {
  /// With `places` digits behind the point, rounded to the nearest.
  package func fixed(_ places: Int) -> String {
    var factor = 1
    for _ in 0..<places { factor *= 10 }
    let scaled = (magnitude * Double(factor)).rounded()
    guard scaled < 1e15 else { return "\(self)" }
    let whole = Int(scaled)
    var result = self < 0 && whole > 0 ? "-" : ""
    result += String(whole / factor)
    if places > 0 {
      let fraction = String(whole % factor)
      result += "." + String(repeating: "0", count: places - fraction.count) + fraction
    }
    return result
  }

  /// With two significant digits and an exponent: `2.1e-07`; `0` as it is.
  package var scientific: String {
    guard self != 0, isFinite else { return self == 0 ? "0" : isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
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
    if mantissa >= 9.95 {
      mantissa = 1
      exponent += 1
    }
    let digits = String(abs(exponent))
    return (self < 0 ? "-" : "") + mantissa.fixed(1) + (exponent < 0 ? "e-" : "e+")
      + String(repeating: "0", count: max(0, 2 - digits.count)) + digits
  }
}
