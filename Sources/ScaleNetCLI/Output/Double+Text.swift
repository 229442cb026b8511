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
