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
