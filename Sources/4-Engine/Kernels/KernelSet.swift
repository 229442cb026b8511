// Safe: weights are as many as the geometry counts, and what is converted lives while it is packed.

/// The arithmetic of networks on NCHW memory, for one element type and one instruction set.
///
/// Memory belongs to the caller. Results do not depend on the number of threads. Sizes are the caller's
/// responsibility: they are checked where a graph is planned, not in each call.
public protocol KernelSet<Scalar>: Sendable {
  /// What numbers are computed in.
  associatedtype Scalar: BinaryFloatingPoint & Sendable

  /// The name for reports: `reference`, `baseline`, `AVX2`, `AVX-512`.
  var name: String { get }

  /// Itself, if it works on images whose channels lie in blocks; nil if it knows NCHW alone.
  var blocked: (any BlockedKernelSet<Scalar>)? { get }

  /// Prepares a convolution: packs the OIHW `weights`, copies the `bias` (one for each output channel).
  func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?
  ) -> any PreparedConvolution<Scalar>

  /// Prepares a matrix product: packs B.
  func matrixProduct(
    _ geometry: MatrixProduct, b: UnsafePointer<Scalar>
  ) -> any PreparedMatrixProduct<Scalar>

  /// Prepares a convolution whose `weights` are float32 numbers, whatever is computed in; `threads` share the packing.
  func convolution(
    _ geometry: Convolution, floats weights: UnsafePointer<Float>, bias: UnsafePointer<Scalar>?,
    threads: ThreadPool
  ) -> any PreparedConvolution<Scalar>

  /// Prepares a matrix product whose B is float32 numbers, whatever is computed in; `threads` share the packing.
  func matrixProduct(
    _ geometry: MatrixProduct, floats b: UnsafePointer<Float>, threads: ThreadPool
  ) -> any PreparedMatrixProduct<Scalar>

  /// The largest element under each position of the window; padding never wins.
  func maxPool(
    _ window: Window, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, threads: ThreadPool)

  /// The mean under each position of the window; padding counts as zeros if `countsPadding`.
  func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool)

  /// The mean of every plane; the output is 1 x 1.
  func globalAveragePool(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, threads: ThreadPool)

  /// Resizes every plane.
  func resize(
    _ resampling: Resampling, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool)

  /// `x * scale[channel] + shift[channel]`, and ReLU after it where asked for; may work in place.
  func scaleAndShift(
    _ input: FeatureMap<Scalar>, scale: UnsafePointer<Scalar>, shift: UnsafePointer<Scalar>,
    appliesReLU: Bool, into output: FeatureMap<Scalar>, threads: ThreadPool)

  /// A function of each element; may work in place.
  func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool)

  /// A function of two operands, element by element, and ReLU after it where asked for; may work in place on an
  /// operand that does not repeat.
  func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Scalar>, _ right: UnsafePointer<Scalar>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Scalar>,
    threads: ThreadPool)

  /// `exp(x) / sum(exp(x))` along the middle axis of an array [outer, count, inner]; may work in place.
  func softmax(
    _ input: UnsafePointer<Scalar>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool)

  /// `(x - mean) / sqrt(variance + epsilon) * scale + shift` for each row; scale and shift have an element for each of a
  /// row's, or are left out. May work in place.
  func normalizeRows(
    _ normalization: RowNormalization, _ input: UnsafePointer<Scalar>, scale: UnsafePointer<Scalar>?,
    shift: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool)
}

extension KernelSet {
  /// None: these kernels know no blocks of channels.
  public var blocked: (any BlockedKernelSet<Scalar>)? { nil }

  /// The same as with weights of the type that is computed in.
  public func convolution(
    _ geometry: Convolution, floats weights: UnsafePointer<Float>, bias: UnsafePointer<Scalar>?,
    threads: ThreadPool
  ) -> any PreparedConvolution<Scalar> {
    let own = unsafe UnsafeBufferPointer(start: weights, count: geometry.weightCount).map {
      Scalar($0)
    }
    return unsafe own.withUnsafeBufferPointer {
      unsafe convolution(geometry, weights: $0.baseAddress!, bias: bias)
    }
  }

  /// The same as with a B of the type that is computed in.
  public func matrixProduct(
    _ geometry: MatrixProduct, floats b: UnsafePointer<Float>, threads: ThreadPool
  ) -> any PreparedMatrixProduct<Scalar> {
    let own = unsafe UnsafeBufferPointer(start: b, count: geometry.depth * geometry.columns).map {
      Scalar($0)
    }
    return unsafe own.withUnsafeBufferPointer { unsafe matrixProduct(geometry, b: $0.baseAddress!) }
  }
}

/// How rows are normalised.
public struct RowNormalization: Hashable, Sendable {
  /// How many rows follow each other.
  public var rows: Int
  /// Elements of a row.
  public var count: Int
  /// Whether the mean is taken away first; else rows are divided by the root of their mean square.
  public var subtractsMean: Bool
  /// Added to the variance, or to the mean square, before the root is taken.
  public var epsilon: Float

  public init(rows: Int, count: Int, subtractsMean: Bool = true, epsilon: Float) {
    self.rows = rows
    self.count = count
    self.subtractsMean = subtractsMean
    self.epsilon = epsilon
  }
}

/// Element-wise functions of one operand.
public enum UnaryFunction: Hashable, Sendable {
  /// `max(x, 0)`; NaN stays NaN.
  case relu
  /// `1 / (1 + exp(-x))`
  case sigmoid
  /// `min(max(x, minimum), maximum)`; NaN stays NaN.
  case clip(minimum: Float, maximum: Float)
  /// `x`, or `alpha * x` where it is negative.
  case leakyReLU(alpha: Float)
  /// `alpha * x + beta` held between 0 and 1; NaN stays NaN.
  case hardSigmoid(alpha: Float, beta: Float)
  /// `x` times `x / 6 + 0.5` held between 0 and 1.
  case hardSwish
  /// tanh(x).
  case hyperbolicTangent
  /// The square root; NaN of negative numbers.
  case squareRoot
  /// e to the power of x.
  case exponential
  /// `x * sigmoid(alpha * x)`
  case swish(alpha: Float)
  /// The error function.
  case errorFunction
  /// `x / 2 * (1 + erf(x / sqrt(2)))`, or its approximation by the hyperbolic tangent.
  case gelu(isTanh: Bool)
  /// The nearest whole number, halves to even.
  case round
}

/// Element-wise functions of two operands.
public enum BinaryFunction: Hashable, Sendable {
  /// The four operations, left operand first.
  case add, subtract, multiply, divide
  /// The left operand to the power of the right one.
  case power
  /// The left operand, times the right one where it is negative.
  case parametricReLU
}
