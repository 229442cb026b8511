/// A to the power of B element by element, with NumPy's broadcasting.
public struct Pow: BinaryElementwise {
  public static let name = "Pow"
  public static let operationsPerElement = 8

  public init() {}
}
