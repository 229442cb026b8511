/// How far one array is from another, in few numbers: what intermediate values are judged by.
struct Deviation {
  /// Largest |a - b|; infinite where one side alone is not finite.
  var maxAbsoluteError = 0.0
  /// Largest |b| among finite elements.
  var largestMagnitude = 0.0
  /// nil where a side is all zeros or not finite.
  var cosineSimilarity: Double?
  /// Elements outside of the tolerance.
  var mismatchedCount = 0

  /// Compares with the reference `right`.
  init<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar], _ tolerance: ElementTolerance) {
    precondition(left.count == right.count)
    var largest: Scalar = 0
    for value in right {
      let magnitude = value.magnitude
      if magnitude > largest && magnitude < .infinity { largest = magnitude }
    }
    largestMagnitude = Double(largest)
    let limit = tolerance.scaled ? tolerance.absolute * largestMagnitude : tolerance.absolute
    var (leftSquares, rightSquares, product) = (0.0, 0.0, 0.0)
    for index in left.indices {
      let (a, b) = (Double(left[index]), Double(right[index]))
      leftSquares += a * a
      rightSquares += b * b
      product += a * b
      if a == b || (a.isNaN && b.isNaN) { continue }
      let error = a.isFinite && b.isFinite ? abs(a - b) : .infinity
      maxAbsoluteError = max(maxAbsoluteError, error)
      if error > limit + tolerance.relative * abs(b) || error == .infinity { mismatchedCount += 1 }
    }
    let cosine = product / (leftSquares.squareRoot() * rightSquares.squareRoot())
    cosineSimilarity = cosine.isFinite ? min(max(cosine, -1), 1) : nil
  }

  /// Of values whose shapes are not related.
  static let incomparable: Deviation = {
    var result = Deviation([Double](), [], .exact)
    result.maxAbsoluteError = .infinity
    result.mismatchedCount = 1
    return result
  }()

  var isWithinTolerance: Bool { mismatchedCount == 0 }

  /// The largest error as a part of the reference's largest magnitude; 0 where nothing differs.
  var relativeError: Double {
    if maxAbsoluteError == 0 { return 0 }
    return largestMagnitude > 0 ? maxAbsoluteError / largestMagnitude : .infinity
  }
}

extension Double {
  /// nil for an infinity or NaN, which JSON has no number for.
  var ifFinite: Double? { isFinite ? self : nil }
}
