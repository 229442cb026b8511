package import FileIO

extension JSONCursor {
  /// A number as it is written.
  package struct Number {
    /// The nearest that Double has.
    package let value: Double
    /// The number itself, if it has neither point nor exponent and Int has it.
    package let integer: Int?
    /// Whether it has neither point nor exponent.
    package let isWhole: Bool
    /// Digits from the first that is not 0 on.
    package let significantDigits: Int
  }

  /// Digits that UInt64 has in any case.
  private static let exactDigits = 19

  /// Powers of ten that Double holds exactly.
  private static let powers: [Double] = (0...22).map { exponent in
    (0..<exponent).reduce(1.0) { product, _ in product * 10 }
  }

  /// A number.
  ///
  /// - Parameter allowsNonFinite: whether it may be one that JSON has not, as C++ (`inf`, `-nan`, `nan(ind)`) and Python
  ///   (`Infinity`, `NaN`) write it.
  package mutating func number(
    _ bytes: RawSpan, allowsNonFinite: Bool = false
  ) throws(ScaleNetError) -> Number {
    _ = peek(bytes)
    let start = position
    let isNegative = skip("-", bytes)
    if allowsNonFinite, let next = byte(bytes),
      (next | 0x20) == UInt8(ascii: "i") || (next | 0x20) == UInt8(ascii: "n")
    {
      return try notFinite(isNegative, start, bytes)
    }
    var mantissa: UInt64 = 0
    var significantDigits = 0
    var scale = 0
    let first = position
    let hasZeroFirst = byte(bytes) == UInt8(ascii: "0")
    digits(&mantissa, &significantDigits, bytes)
    let wholeDigits = position - first
    var isComplete = wholeDigits > 0 && !(hasZeroFirst && wholeDigits > 1)
    var isWhole = true
    if skip(".", bytes) {
      let fraction = position
      digits(&mantissa, &significantDigits, bytes)
      scale = fraction - position
      isComplete = isComplete && scale < 0
      isWhole = false
    }
    if skip("e", bytes) || skip("E", bytes) {
      isComplete = try exponent(&scale, bytes) && isComplete
      isWhole = false
    }
    guard isComplete else {
      position = start
      throw failure("a number", bytes)
    }
    let integer =
      isWhole && significantDigits <= Self.exactDigits ? Self.integer(mantissa, isNegative) : nil
    // Both are exact, so that one rounding gives the nearest number.
    if significantDigits <= 15,
      let power = Self.powers.indices.contains(abs(scale)) ? Self.powers[abs(scale)] : nil
    {
      let magnitude = scale < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return Number(
        value: isNegative ? -magnitude : magnitude, integer: integer, isWhole: isWhole,
        significantDigits: significantDigits)
    }
    guard let value = Double(bytes.extracting(start..<position).repairedText()), value.isFinite else {
      position = start
      throw failure("a number in range", bytes)
    }
    return Number(value: value, integer: integer, isWhole: isWhole, significantDigits: significantDigits)
  }

  /// A number without point and exponent that Int has; its failure is called `expected`.
  package mutating func integer(_ bytes: RawSpan, expected: String) throws(ScaleNetError) -> Int {
    _ = peek(bytes)
    let start = position
    do throws(ScaleNetError) {
      if let value = try number(bytes).integer { return value }
    } catch {
      // What is no number at all fails as one of another kind does.
    }
    position = start
    throw failure(expected, bytes)
  }

  private static func integer(_ magnitude: UInt64, _ isNegative: Bool) -> Int? {
    guard isNegative else { return Int(exactly: magnitude) }
    return magnitude <= Int.min.magnitude ? Int(truncatingIfNeeded: 0 &- magnitude) : nil
  }

  /// Adds digits to a mantissa, of which as many as count are exact.
  private mutating func digits(_ mantissa: inout UInt64, _ significantDigits: inout Int, _ bytes: RawSpan) {
    while let next = byte(bytes), (0x30...0x39).contains(next) {
      if significantDigits > 0 || next != 0x30 { significantDigits += 1 }
      if significantDigits <= Self.exactDigits { mantissa = mantissa * 10 + UInt64(next - 0x30) }
      position += 1
    }
  }

  /// Adds an exponent to the scale. False if it has no digits.
  private mutating func exponent(_ scale: inout Int, _ bytes: RawSpan) throws(ScaleNetError) -> Bool {
    let isNegative = skip("-", bytes)
    if !isNegative { _ = skip("+", bytes) }
    let start = position
    var value = 0
    while let next = byte(bytes), (0x30...0x39).contains(next) {
      // Far beyond Double already.
      value = min(value * 10 + Int(next - 0x30), 1 << 20)
      position += 1
    }
    scale += isNegative ? -value : value
    return position > start
  }

  private mutating func notFinite(_ isNegative: Bool, _ start: Int, _ bytes: RawSpan) throws(ScaleNetError)
    -> Number
  {
    var word = ""
    while let next = byte(bytes), word.utf8.count < 9, Self.isOfWord(next) {
      word.unicodeScalars.append(Unicode.Scalar(next))
      position += 1
    }
    let value: Double
    switch word.lowercased() {
    case "inf", "infinity": value = .infinity
    case "nan", "nan(ind)", "nan(snan)": value = .nan
    default:
      position = start
      throw failure("a number", bytes)
    }
    return Number(value: isNegative ? -value : value, integer: nil, isWhole: false, significantDigits: 0)
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")")
  }

  private mutating func skip(_ character: Unicode.Scalar, _ bytes: RawSpan) -> Bool {
    guard byte(bytes) == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }
}
