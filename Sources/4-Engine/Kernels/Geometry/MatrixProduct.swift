/// ONNX's Gemm: `alpha * A' * B' + beta * C`, where A' is A or its transpose.
public struct MatrixProduct: Hashable, Sendable {
  /// Rows of A' and of the output.
  public var rows: Int
  /// Columns of B' and of the output.
  public var columns: Int
  /// Columns of A', rows of B'.
  public var depth: Int
  /// Whether A is stored as [K, M].
  public var transposesA: Bool
  /// Whether B is stored as [N, K].
  public var transposesB: Bool
  /// The factor of the product.
  public var alpha: Double
  /// The factor of what is added, C.
  public var beta: Double

  public init(
    rows: Int, columns: Int, depth: Int, transposesA: Bool = false, transposesB: Bool = false,
    alpha: Double = 1, beta: Double = 1
  ) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.transposesA = transposesA
    self.transposesB = transposesB
    self.alpha = alpha
    self.beta = beta
  }
}
