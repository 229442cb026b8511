// Safe: pointers are passed on as they are given.

/// What a kernel set can do besides with images whose channels lie in blocks. Its other operations take such images
/// too, as maps whose `lanes` are more than 1.
public protocol BlockedKernelSet<Scalar>: KernelSet {
  /// Channels of a block.
  var lanes: Int { get }

  /// Whether a convolution reads NCHW images as fast as blocked ones: the first of a network, of few channels.
  func readsPlanes(_ geometry: Convolution) -> Bool

  /// Prepares a convolution, whose output lies in full blocks and a last one.
  ///
  /// - Parameters:
  ///   - weights: OIHW
  ///   - bias: one for each output channel
  ///   - input: how the input's channels lie; nil for planes, where `readsPlanes` allows them
  ///   - threads: who packs the weights; nil for the caller alone
  func blockedConvolution(
    _ geometry: Convolution, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: ChannelBlocks?, threads: ThreadPool?
  ) -> any BlockedConvolution<Scalar>

  /// Brings images from one order of channels to another one; nil stands for planes.
  func reorder(
    _ input: FeatureMap<Scalar>, _ from: ChannelBlocks?, into output: FeatureMap<Scalar>,
    _ to: ChannelBlocks?,
    threads: ThreadPool)
}

extension BlockedKernelSet {
  /// Prepares a convolution on the caller's thread.
  public func blockedConvolution(
    _ geometry: Convolution, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: ChannelBlocks?
  ) -> any BlockedConvolution<Scalar> {
    unsafe blockedConvolution(geometry, weights: weights, bias: bias, input: input, threads: nil)
  }
}

/// A convolution whose weights are packed for blocks of channels.
public protocol BlockedConvolution<Scalar>: Sendable {
  /// What numbers are computed in, as in the kernels that these belong to.
  associatedtype Scalar

  /// Elements of scratch memory that a run on `threads` threads needs.
  func workspaceCount(threads: Int) -> Int

  /// Convolves: `function(convolution + bias + residual)`.
  ///
  /// `residual` has the blocks of `output` and may be the same memory; `input` may not. `workspace` holds at least
  /// `workspaceCount(threads: threads.count)` elements, aligned to 64 bytes.
  func run(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, residual: FeatureMap<Scalar>?,
    function: FusedFunction?, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool)
}

/// What a convolution does with its sums before it stores them.
public enum FusedFunction: Hashable, Sendable {
  /// A function of each element.
  case unary(UnaryFunction)
  /// `x * sigmoid(x)`
  case swish
}
