/// How a graph is run.
public struct ExecutionOptions: Hashable, Sendable {
  /// Whether ReLU and residual additions are computed by the operator before them. Results stay the same, bit by bit.
  public var fusesActivations = true
  /// Whether a BatchNormalization right after a convolution becomes part of its weights. Results differ by rounding.
  public var foldsBatchNormalization = false
  /// The most bytes of activations, scratch memory and packed weights.
  public var memoryLimit = 16 << 30

  public init() {}
}
