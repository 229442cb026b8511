/// Whole networks in Double within seconds: convolutions by tiles that stay in registers, everything else as the
/// reference has it.
public struct DoubleKernels: KernelSet {
  public let name = "double"
  private let reference = ReferenceKernels<Double>()

  public init() {}

  public func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Double>, bias: UnsafePointer<Double>?
  ) -> any PreparedConvolution<Double> {
    unsafe DoubleConvolution(geometry, weights: weights, bias: bias)
  }

  public func matrixProduct(
    _ geometry: MatrixProduct, b: UnsafePointer<Double>
  ) -> any PreparedMatrixProduct<Double> {
    unsafe reference.matrixProduct(geometry, b: b)
  }

  public func maxPool(
    _ window: Window, _ input: FeatureMap<Double>, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    unsafe reference.maxPool(window, input, into: output, threads: threads)
  }

  public func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    unsafe reference.averagePool(window, countsPadding: countsPadding, input, into: output, threads: threads)
  }

  public func globalAveragePool(
    _ input: FeatureMap<Double>, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    unsafe reference.globalAveragePool(input, into: output, threads: threads)
  }

  public func resize(
    _ resampling: Resampling, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    unsafe reference.resize(resampling, input, into: output, threads: threads)
  }

  public func scaleAndShift(
    _ input: FeatureMap<Double>, scale: UnsafePointer<Double>, shift: UnsafePointer<Double>,
    appliesReLU: Bool, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    unsafe reference.scaleAndShift(
      input, scale: scale, shift: shift, appliesReLU: appliesReLU, into: output, threads: threads)
  }

  public func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    unsafe reference.apply(function, input, into: output, threads: threads)
  }

  public func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Double>,
    threads: ThreadPool
  ) {
    unsafe reference.combine(
      function, left, right, broadcasting, appliesReLU: appliesReLU, into: output, threads: threads)
  }

  public func softmax(
    _ input: UnsafePointer<Double>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    unsafe reference.softmax(input, outer: outer, count: count, inner: inner, into: output, threads: threads)
  }
}
