/// How far results may lie apart, by cause.
enum Tolerance {
  /// One rounding to Float of a value computed in Double.
  static let rounding = 1.2e-7
  /// ONNX Runtime's own Float arithmetic.
  static let runtime = 1e-5
  /// Values computed in Double on both sides.
  static let double = 1e-12
  /// An element-wise function in Float: a few units in the last place, relative.
  static let elementwise = 6e-7

  /// A sum of `count` products of numbers of magnitude 1, added in another order.
  static func sum(_ count: Int) -> Double { 0x1p-23 * Double(count + 8) }
}
