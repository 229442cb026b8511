/// By how much elements may differ: |a - b| <= absolute + relative * |b|, as numpy's `allclose` has it.
public struct ElementTolerance: Sendable, Codable, Hashable {
  /// `exact`, `float32`, `float16`, `int8`, or `given`.
  public var name: String
  /// A plain number, or if `scaled` a part of the reference tensor's largest magnitude.
  public var absolute: Double
  public var relative: Double
  /// Whether `absolute` is a part of the largest magnitude.
  public var scaled: Bool

  public init(
    name: String, absolute: Double, relative: Double, scaled: Bool = false
  ) {
    self.name = name
    self.absolute = absolute
    self.relative = relative
    self.scaled = scaled
  }

  enum CodingKeys: String, CodingKey {
    case name, absolute, relative, scaled
  }
}
