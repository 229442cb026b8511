/// A * B element by element, with NumPy's broadcasting.
public struct Mul: BinaryElementwise {
  public static let name = "Mul"
  public static let operationsPerElement = 1

  public init() {}
}
