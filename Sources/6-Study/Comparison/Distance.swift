/// How far arrays are apart, the right being the reference: what outputs, intermediate values and weights are judged by.
///
/// Where one side alone is not finite, or the infinities are of different signs, the error is infinite. Two infinities of
/// one sign are the same; two NaN are neither the same nor different: they prove nothing.
package struct Distance: Sendable, Hashable {
  /// What elements are judged by.
  package let tolerance: Tolerance
  package private(set) var elementCount = 0
  /// Largest |a - b|; infinite where one side alone is not finite.
  package private(set) var maxAbsoluteError = 0.0
  /// Row-major index of that element in its array; nil where nothing differs.
  package private(set) var worstIndex: Int?
  /// Largest |b| among finite elements.
  package private(set) var largestMagnitude = 0.0
  /// Elements outside of the tolerance.
  package private(set) var mismatchedCount = 0
  /// The absolute tolerance in plain numbers; of several arrays the largest.
  package private(set) var absoluteTolerance = 0.0
  /// Elements that are NaN on both sides.
  package private(set) var undecidedCount = 0
  /// Elements that are the same infinity on both sides.
  package private(set) var infiniteCount = 0
  /// Whether all elements of the left are 0; of squares that vanish that could not be told.
  private(set) var isLeftZero = true
  /// The same of the right; NaN is none.
  private(set) var isRightZero = true
  private var leftSquares = 0.0
  private var rightSquares = 0.0
  private var product = 0.0

  /// A distance of nothing, to which arrays are added.
  package init(_ tolerance: Tolerance) {
    self.tolerance = tolerance
  }

  /// Compares `left` with the reference `right`, of as many elements.
  package init<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar], _ tolerance: Tolerance) {
    self.init(tolerance)
    add(left, right)
  }

  /// Adds a pair of arrays; a scaled tolerance follows the magnitude of each.
  ///
  /// - Returns: the index of an element with a larger error than all before; nil if there is none.
  @discardableResult
  package mutating func add<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar]) -> Int? {
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
      if a != 0 { isLeftZero = false }
      if b != 0 { isRightZero = false }
      leftSum += a * a
      rightSum += b * b
      both += a * b
      if a == b {
        if a.isInfinite { infiniteCount += 1 }
        continue
      }
      if a.isNaN && b.isNaN {
        undecidedCount += 1
        continue
      }
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

  /// Adds a pair of arrays of integers, which are the same or not, unless a user gave another limit.
  ///
  /// - Returns: the index of an element with a larger error than all before; nil if there is none.
  @discardableResult
  mutating func add(_ left: [Int128], _ right: [Int128]) -> Int? {
    precondition(left.count == right.count)
    elementCount += left.count
    let isGiven = tolerance.name == Tolerance.givenName
    let largest = Double(right.lazy.map(\.magnitude).max() ?? 0)
    largestMagnitude = max(largestMagnitude, largest)
    let limit = isGiven ? tolerance.absolute(largestMagnitude: largest) : 0
    absoluteTolerance = max(absoluteTolerance, limit)
    var worst: Int?
    for (index, (a, b)) in zip(left, right).enumerated() {
      if a != 0 { isLeftZero = false }
      if b != 0 { isRightZero = false }
      leftSquares += Double(a) * Double(a)
      rightSquares += Double(b) * Double(b)
      product += Double(a) * Double(b)
      if a == b { continue }
      // Numbers past 2^53 can be one apart and the same in Double.
      let error = Double((a - b).magnitude)
      if error > maxAbsoluteError {
        maxAbsoluteError = error
        worst = index
      }
      if !isGiven || error > limit + tolerance.relative * abs(Double(b)) { mismatchedCount += 1 }
    }
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

  /// Whether no element is outside of the tolerance, and there is one that shows it.
  package var isWithinTolerance: Bool { mismatchedCount == 0 && !provesNothing }

  /// Whether there is no element that is finite on a side.
  package var provesNothing: Bool { elementCount > 0 && undecidedCount + infiniteCount == elementCount }

  /// The largest error as a part of the reference's largest magnitude; 0 where nothing differs.
  package var relativeError: Double {
    if maxAbsoluteError == 0 { return 0 }
    return largestMagnitude > 0 ? maxAbsoluteError / largestMagnitude : .infinity
  }

  /// a * b / (|a| |b|); nil where a side is all zeros, not finite, or has no squares in Double.
  package var cosineSimilarity: Double? {
    let cosine = product / (leftSquares.squareRoot() * rightSquares.squareRoot())
    return cosine.isFinite ? min(max(cosine, -1), 1) : nil
  }
}

extension Double {
  /// nil for an infinity or NaN, which JSON has no number for.
  var ifFinite: Double? { isFinite ? self : nil }
}
