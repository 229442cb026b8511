/// The square root of every element; NaN of what is negative.
public struct Sqrt: UnaryElementwise {
  public static let name = "Sqrt"
  public static let operationsPerElement = 1

  public init() {}
}
