/// What one run of an operator costs, batch included. `Int.max` stands for what is out of range.
public struct Cost: Hashable, Sendable {
  /// Multiply-accumulates of Conv and Gemm, as fvcore counts them; 1 MAC = 2 FLOPs.
  public var macs: Int
  /// Everything else, in elementary operations per output element: pools, resizes, normalisation, additions.
  public var otherOperations: Int

  public init(macs: Int = 0, otherOperations: Int = 0) {
    self.macs = macs
    self.otherOperations = otherOperations
  }

  /// Floating-point operations of `macs`.
  public var flops: Int { Self.product(2, macs) }

  /// Factors that are not negative, multiplied; `Int.max` where the product is out of range. A file can name extents
  /// whose operations no integer counts.
  static func product(_ factors: Int...) -> Int { product(factors) }

  /// As above, for factors that are counted at run time.
  static func product(_ factors: [Int]) -> Int {
    if factors.contains(0) { return 0 }
    var product = 1
    for factor in factors {
      let (partial, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return .max }
      product = partial
    }
    return product
  }
}
