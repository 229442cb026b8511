/// max(x, 0) of every element; NaN stays.
public struct Relu: UnaryElementwise {
  public static let name = "Relu"
  public static let operationsPerElement = 1

  public init() {}
}
