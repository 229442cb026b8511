/// A + B element by element, with NumPy's broadcasting.
public struct Add: BinaryElementwise {
  public static let name = "Add"
  public static let operationsPerElement = 1

  public init() {}
}
