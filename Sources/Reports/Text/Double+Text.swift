extension Double {
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
