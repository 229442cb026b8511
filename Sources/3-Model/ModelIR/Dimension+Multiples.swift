/// Multiples of open extents, such as the `49*batch` windows of a batch. One that a file names so is the same one.
extension Dimension {
  /// The factor and the name of an open extent; nil for others.
  private var parts: (factor: Int, name: Substring)? {
    guard case .symbolic(let text) = self else { return nil }
    if let star = text.firstIndex(of: "*"), let factor = Int(text[..<star]), factor > 0 {
      return (factor, text[text.index(after: star)...])
    }
    return (1, text[...])
  }

  private static func multiple(_ factor: Int, _ name: Substring) -> Dimension {
    .symbolic(factor == 1 ? String(name) : "\(factor)*\(name)")
  }

  /// The extent times a positive number; nil if that is not known, or out of range.
  public func multiplied(by number: Int) -> Dimension? {
    if let value {
      let (product, overflow) = value.multipliedReportingOverflow(by: number)
      return overflow ? nil : .fixed(product)
    }
    guard number > 0, let (factor, name) = parts else { return nil }
    let (product, overflow) = factor.multipliedReportingOverflow(by: number)
    return overflow ? nil : Self.multiple(product, name)
  }

  /// The extent divided by a positive number; nil if that is not known to leave no rest.
  public func divided(by number: Int) -> Dimension? {
    guard number > 0 else { return nil }
    if let value { return value % number == 0 ? .fixed(value / number) : nil }
    guard let (factor, name) = parts, factor % number == 0 else { return nil }
    return Self.multiple(factor / number, name)
  }

  /// The sum with another extent; nil if that is not known.
  public func adding(_ other: Dimension) -> Dimension? {
    if let a = value, let b = other.value {
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? nil : .fixed(sum)
    }
    guard let a = parts, let b = other.parts, a.name == b.name else { return nil }
    let (sum, overflow) = a.factor.addingReportingOverflow(b.factor)
    return overflow ? nil : Self.multiple(sum, a.name)
  }

  /// How many times another extent this one is; nil if that is not known, or no whole number.
  public func ratio(to other: Dimension) -> Int? {
    if let a = value, let b = other.value { return b > 0 && a % b == 0 ? a / b : nil }
    guard let a = parts, let b = other.parts, a.name == b.name, a.factor % b.factor == 0 else { return nil }
    return a.factor / b.factor
  }

  /// The extent with what is open under a name set to `value`, its factor kept.
  public func binding(_ value: Int) -> Dimension {
    guard case .symbolic = self else { return self }
    return Dimension.fixed(value).multiplied(by: parts?.factor ?? 1) ?? .unknown
  }

  /// The open extent without its factor, and the factor; nil for others.
  public var baseAndFactor: (base: Dimension, factor: Int)? {
    parts.map { (.symbolic(String($0.name)), $0.factor) }
  }
}
