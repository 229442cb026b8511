#if SCALENET_WIDE
  internal import Kernels
#endif

/// The fast kernels, compiled once for each instruction set.
final class TiledKernels: KernelSet {
  let name: String

  init(name: String) { self.name = name }

  /// Elements that are worth a task of their own.
  static let leastTask = 16 * 1024

  func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?
  ) -> any PreparedConvolution<Float> {
    if geometry.groups > 1 && geometry.groups == geometry.inputChannels {
      return unsafe DepthwiseConvolution(geometry, weights: weights, bias: bias)
    }
    return unsafe TiledConvolution(geometry, weights: weights, bias: bias)
  }

  func matrixProduct(
    _ geometry: MatrixProduct, b: UnsafePointer<Float>
  ) -> any PreparedMatrixProduct<Float> {
    unsafe TiledMatrixProduct(geometry, b: b)
  }
}
