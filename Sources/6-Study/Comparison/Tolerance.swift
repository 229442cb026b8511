/// By how much results may differ and still count as the same. Every tolerance of the library stands here.
public struct Tolerance: Hashable, Sendable {
  public let name: String
  /// Largest absolute error, as a part of the reference's largest magnitude.
  public let relativeToLargest: Double

  /// Two computations in float32 that add in different orders.
  public static let float32 = Tolerance(name: "float32", relativeToLargest: 1e-5)
  /// Weights and activations in float16, against float32.
  public static let float16 = Tolerance(name: "float16", relativeToLargest: 1e-2)
}

/// The named tolerances of a comparison.
extension ElementTolerance {
  /// Every element the same.
  public static let exact = ElementTolerance(name: "exact", absolute: 0, relative: 0)
  /// Two computations in float32 that add in different orders.
  public static let float32 = ElementTolerance(name: "float32", absolute: 1e-5, relative: 1e-4, scaled: true)
  /// Weights or activations in float16, against float32.
  public static let float16 = ElementTolerance(name: "float16", absolute: 1e-2, relative: 1e-2, scaled: true)
  /// Weights and activations in int8, against float32.
  public static let int8 = ElementTolerance(name: "int8", absolute: 1e-1, relative: 1e-1, scaled: true)

  /// Weights that were folded and rounded to float32 on one side, and what networks of them give in Double.
  static let foldedWeights = ElementTolerance(name: "folded", absolute: 1e-6, relative: 0, scaled: true)

  /// The tolerances that have names, narrowest first.
  public static let named = [exact, float32, float16, int8]
}
