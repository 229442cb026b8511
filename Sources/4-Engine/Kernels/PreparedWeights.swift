/// A convolution whose weights are packed for the kernels that run it.
public protocol PreparedConvolution<Scalar>: Sendable {
  /// What numbers are computed in.
  associatedtype Scalar

  /// Elements of scratch memory that a run on `threads` threads needs.
  func workspaceCount(threads: Int) -> Int

  /// Convolves: `convolution + bias + residual`, then ReLU where asked for.
  ///
  /// `residual` has the shape of `output` and may be the same memory; `input` may not. `workspace` holds at
  /// least `workspaceCount(threads: threads.count)` elements, aligned to 64 bytes.
  func run(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, residual: FeatureMap<Scalar>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool)
}

/// A matrix product whose right operand is packed for the kernels that run it.
public protocol PreparedMatrixProduct<Scalar>: Sendable {
  /// What numbers are computed in.
  associatedtype Scalar

  /// Elements of scratch memory that a run on `threads` threads needs.
  func workspaceCount(threads: Int) -> Int

  /// Multiplies. A and the output are row-major without gaps; C, if given, is read with steps of its own, 0 where
  /// it repeats. `workspace` as for a convolution.
  func run(
    a: UnsafePointer<Scalar>, c: (elements: UnsafePointer<Scalar>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool)

  /// The same product with another B. It may be this one, packed anew in its memory: use what is returned.
  func repacked(b: UnsafePointer<Scalar>) -> Self
}
