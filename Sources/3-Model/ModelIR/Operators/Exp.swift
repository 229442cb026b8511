/// e to the power of every element.
public struct Exp: UnaryElementwise {
  public static let name = "Exp"
  public static let operationsPerElement = 4

  public init() {}
}
