/// What one run of an operator costs, batch included.
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
  public var flops: Int { 2 * macs }

  public static func + (left: Cost, right: Cost) -> Cost {
    Cost(macs: left.macs + right.macs, otherOperations: left.otherOperations + right.otherOperations)
  }
}
