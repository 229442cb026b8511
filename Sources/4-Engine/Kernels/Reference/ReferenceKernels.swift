// Safe: weights and bias have as many elements as the geometry says, and are copied.

/// The oracle: each operator as its definition says, sums in Double, results rounded once to the element type.
///
/// With Double as element type a whole network is computed in Double, which tells rounding from meaning.
public struct ReferenceKernels<Scalar: BinaryFloatingPoint & Sendable>: KernelSet {
  public let name = "reference"

  public init() {}

  public func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?
  ) -> any PreparedConvolution<Scalar> {
    unsafe ReferenceConvolution(
      geometry: geometry, weights: Array(UnsafeBufferPointer(start: weights, count: geometry.weightCount)),
      bias: bias.map { unsafe Array(UnsafeBufferPointer(start: $0, count: geometry.outputChannels)) })
  }

  public func matrixProduct(
    _ geometry: MatrixProduct, b: UnsafePointer<Scalar>
  ) -> any PreparedMatrixProduct<Scalar> {
    unsafe ReferenceMatrixProduct(
      geometry: geometry,
      b: Array(UnsafeBufferPointer(start: b, count: geometry.depth * geometry.columns)))
  }
}
