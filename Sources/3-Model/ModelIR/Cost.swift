/// What one run of an operator costs, batch included.
public struct Cost: Hashable, Sendable {
  /// Multiply-accumulates of Conv, Gemm and MatMul, as fvcore counts them; 1 MAC = 2 FLOPs.
  public var macs: Int
  /// Everything else, in elementary operations per output element: pools, resizes, normalisation, additions.
  public var otherOperations: Int

  public init(macs: Int = 0, otherOperations: Int = 0) {
    self.macs = macs
    self.otherOperations = otherOperations
  }

  /// Floating-point operations of `macs`.
  public var flops: Int { macs.saturatingMultiplied(by: 2) }

  /// Both costs together; `Int.max` where the sum is larger.
  public static func + (left: Cost, right: Cost) -> Cost {
    Cost(
      macs: left.macs.saturatingAdded(to: right.macs),
      otherOperations: left.otherOperations.saturatingAdded(to: right.otherOperations))
  }
}

extension Int {
  /// The product, or the greatest number where that is too large: a hostile shape must not end the process.
  package func saturatingMultiplied(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// The sum, or the greatest number where that is too large.
  package func saturatingAdded(to other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
