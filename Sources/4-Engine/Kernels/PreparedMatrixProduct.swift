/// A matrix product whose right operand is packed for the kernels that run it.
public protocol PreparedMatrixProduct<Scalar>: Sendable {
  associatedtype Scalar

  /// Elements of scratch memory that a run on `threads` threads needs.
  func workspaceCount(threads: Int) -> Int

  /// Multiplies. A and the output are row-major without gaps; C, if given, is read with steps of its own, 0 where
  /// it repeats. `workspace` as for a convolution.
  func run(
    a: UnsafePointer<Scalar>, c: (elements: UnsafePointer<Scalar>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool)
}
