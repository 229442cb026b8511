/// x where it is not negative, alpha * x elsewhere; NaN stays.
public struct LeakyRelu: UnaryElementwise {
  public static let name = "LeakyRelu"
  public static let operationsPerElement = 2

  /// The slope of the negative side.
  public var alpha: Float

  public init(alpha: Float = 0.01) {
    self.alpha = alpha
  }
}
