/// A / B element by element, with NumPy's broadcasting.
public struct Div: BinaryElementwise {
  public static let name = "Div"
  public static let operationsPerElement = 1

  public init() {}
}
