/// The hyperbolic tangent of every element.
public struct Tanh: UnaryElementwise {
  public static let name = "Tanh"
  public static let operationsPerElement = 4

  public init() {}
}
