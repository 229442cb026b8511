internal import CKernels

// Safe: the table is a constant of the C code.

/// Whole networks in Double within a second: convolutions and matrix products by tiles that stay in registers,
/// everything else as the reference has it.
@safe public struct DoubleKernels: KernelSet, @unchecked Sendable {
  public let name: String
  private let table: UnsafePointer<kernels_double_table>
  let reference = ReferenceKernels<Double>()

  /// Kernels for the widest of these instruction sets that this processor can run.
  public init(_ sets: [InstructionSet] = InstructionSet.allCases) {
    let widest = sets.last { $0.isSupported }
    unsafe table = unsafe widest?.doubleTable ?? kernels_double_baseline()!
    name = unsafe String(cString: table.pointee.name) + ", double"
  }

  public func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Double>, bias: UnsafePointer<Double>?
  ) -> any PreparedConvolution<Double> {
    unsafe DoubleConvolution(table, geometry, weights: weights, bias: bias)
  }

  public func matrixProduct(
    _ geometry: MatrixProduct, b: UnsafePointer<Double>
  ) -> any PreparedMatrixProduct<Double> {
    unsafe DoubleMatrixProduct(table, geometry, b: b)
  }

  public func convolution(
    _ geometry: Convolution, floats weights: UnsafePointer<Float>, bias: UnsafePointer<Double>?,
    threads: ThreadPool
  ) -> any PreparedConvolution<Double> {
    unsafe DoubleConvolution(table, geometry, floats: weights, bias: bias, threads)
  }

  public func matrixProduct(
    _ geometry: MatrixProduct, floats b: UnsafePointer<Float>, threads: ThreadPool
  ) -> any PreparedMatrixProduct<Double> {
    unsafe DoubleMatrixProduct(table, geometry, floats: b, threads)
  }

  public func softmax(
    _ input: UnsafePointer<Double>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    unsafe reference.softmax(input, outer: outer, count: count, inner: inner, into: output, threads: threads)
  }

  public func normalizeRows(
    _ normalization: RowNormalization, _ input: UnsafePointer<Double>, scale: UnsafePointer<Double>?,
    shift: UnsafePointer<Double>?, into output: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    unsafe reference.normalizeRows(
      normalization, input, scale: scale, shift: shift, into: output, threads: threads)
  }
}

extension InstructionSet {
  /// The sums in double for it; nil where the architecture has no such thing.
  fileprivate var doubleTable: UnsafePointer<kernels_double_table>? {
    switch self {
    case .baseline: unsafe kernels_double_baseline()
    case .avx2: unsafe kernels_double_avx2()
    case .avx512: unsafe kernels_double_avx512()
    }
  }
}

/// Double's kernels for the instruction set of others: a choice by the environment holds for both.
public func doubleKernels(beside kernels: any KernelSet<Float>) -> any KernelSet<Double> {
  if kernels is ReferenceKernels<Float> { return ReferenceKernels<Double>() }
  let widest = InstructionSet.allCases.firstIndex { $0.rawValue == kernels.name }
  return DoubleKernels(Array(InstructionSet.allCases[...(widest ?? InstructionSet.allCases.count - 1)]))
}
