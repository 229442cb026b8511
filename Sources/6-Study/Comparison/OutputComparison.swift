/// How two tensors of the same shape differ, element by element.
public struct OutputComparison: Sendable, Hashable {
  /// Largest |a - b|; infinite where one is not finite and the other differs.
  public let maximumAbsoluteError: Double
  /// Row-major index of that element.
  public let worstIndex: Int
  /// Largest |a| among finite elements of the reference.
  public let largestMagnitude: Double
  public let elementCount: Int

  /// Compares with the reference `expected`. Two NaN, or two infinities of one sign, count as equal.
  public init(expected: [Float], found: [Float]) {
    precondition(expected.count == found.count)
    var worst = 0.0
    var worstIndex = 0
    var largest = 0.0
    for index in expected.indices {
      let (a, b) = (expected[index], found[index])
      if a.isFinite { largest = max(largest, Double(abs(a))) }
      if a == b || (a.isNaN && b.isNaN) { continue }
      let difference = a.isFinite && b.isFinite ? abs(Double(a) - Double(b)) : Double.infinity
      if difference > worst {
        worst = difference
        worstIndex = index
      }
    }
    maximumAbsoluteError = worst
    self.worstIndex = worstIndex
    largestMagnitude = largest
    elementCount = expected.count
  }

  /// The largest error as a part of the reference's largest magnitude; 0 where nothing differs.
  public var relativeError: Double {
    if maximumAbsoluteError == 0 { return 0 }
    return largestMagnitude > 0 ? maximumAbsoluteError / largestMagnitude : .infinity
  }

  public func isWithin(_ tolerance: Tolerance) -> Bool {
    relativeError <= tolerance.relativeToLargest
  }
}
