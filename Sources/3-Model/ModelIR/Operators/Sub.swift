/// A - B element by element, with NumPy's broadcasting.
public struct Sub: BinaryElementwise {
  public static let name = "Sub"
  public static let operationsPerElement = 1

  public init() {}
}
