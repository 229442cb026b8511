/// How far arrays are apart, the right being the reference: what outputs, intermediate values and weights are judged by.
///
/// Two NaN, or two infinities of one sign, do not differ; where one side alone is not finite the error is infinite.
public struct Distance: Sendable, Hashable {
  public let tolerance: Tolerance
  public private(set) var elementCount = 0
  /// Largest |a - b|; infinite where one side alone is not finite.
  public private(set) var maxAbsoluteError = 0.0
  /// Row-major index of that element in its array; nil where nothing differs.
  public private(set) var worstIndex: Int?
  /// Largest |b| among finite elements.
  public private(set) var largestMagnitude = 0.0
  /// Elements outside of the tolerance.
  public private(set) var mismatchedCount = 0
  /// The absolute tolerance in plain numbers; of several arrays the largest.
  public private(set) var absoluteTolerance = 0.0
  private var leftSquares = 0.0
  private var rightSquares = 0.0
  private var product = 0.0

  /// A distance of nothing, to which arrays are added.
  public init(_ tolerance: Tolerance) {
    self.tolerance = tolerance
  }

  /// Compares `left` with the reference `right`, of as many elements.
  public init<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar], _ tolerance: Tolerance) {
    self.init(tolerance)
    add(left, right)
  }

  /// Adds a pair of arrays; a scaled tolerance follows the magnitude of each.
  ///
  /// - Returns: the index of an element with a larger error than all before; nil if there is none.
  @discardableResult
  public mutating func add<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar]) -> Int? {
    precondition(left.count == right.count)
    elementCount += left.count
    var largest: Scalar = 0
    for value in right {
      let magnitude = value.magnitude
      if magnitude > largest && magnitude < .infinity { largest = magnitude }
    }
    largestMagnitude = max(largestMagnitude, Double(largest))
    let limit = tolerance.absolute(largestMagnitude: Double(largest))
    absoluteTolerance = max(absoluteTolerance, limit)
    var (leftSum, rightSum, both) = (0.0, 0.0, 0.0)
    var worst: Int?
    for index in left.indices {
      let (a, b) = (Double(left[index]), Double(right[index]))
      leftSum += a * a
      rightSum += b * b
      both += a * b
      if a == b || (a.isNaN && b.isNaN) { continue }
      let error = a.isFinite && b.isFinite ? abs(a - b) : .infinity
      if error > maxAbsoluteError {
        maxAbsoluteError = error
        worst = index
      }
      if error > limit + tolerance.relative * abs(b) || error == .infinity { mismatchedCount += 1 }
    }
    leftSquares += leftSum
    rightSquares += rightSum
    product += both
    if let worst { worstIndex = worst }
    return worst
  }

  /// Of values that cannot be compared, as their shapes are not related.
  static let incomparable: Distance = {
    var result = Distance(.exact)
    result.maxAbsoluteError = .infinity
    result.mismatchedCount = 1
    return result
  }()

  public var isWithinTolerance: Bool { mismatchedCount == 0 }

  /// The largest error as a part of the reference's largest magnitude; 0 where nothing differs.
  public var relativeError: Double {
    if maxAbsoluteError == 0 { return 0 }
    return largestMagnitude > 0 ? maxAbsoluteError / largestMagnitude : .infinity
  }

  /// a * b / (|a| |b|); nil where a side is all zeros or not finite.
  public var cosineSimilarity: Double? {
    let cosine = product / (leftSquares.squareRoot() * rightSquares.squareRoot())
    return cosine.isFinite ? min(max(cosine, -1), 1) : nil
  }
}

extension Double {
  /// nil for an infinity or NaN, which JSON has no number for.
  var ifFinite: Double? { isFinite ? self : nil }
}
