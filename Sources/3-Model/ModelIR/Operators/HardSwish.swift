/// x * max(0, min(1, x / 6 + 0.5)) of every element; NaN stays.
public struct HardSwish: UnaryElementwise {
  public static let name = "HardSwish"
  public static let operationsPerElement = 4

  public init() {}
}
