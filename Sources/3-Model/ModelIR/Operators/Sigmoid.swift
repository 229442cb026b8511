/// 1 / (1 + exp(-x)) of every element.
public struct Sigmoid: UnaryElementwise {
  public static let name = "Sigmoid"
  public static let operationsPerElement = 4

  public init() {}
}
