import Glibc

/// Gathers the metrics of pairs of arrays: one pass over each, in Double.
struct MetricsAccumulator {
  private let tolerance: ElementTolerance
  private var count = 0
  private var mismatched = 0
  private var infinite = 0
  private var sum = 0.0
  private var squares = 0.0
  private var largestError = 0.0
  private var relativeSum = 0.0
  private var relativeCount = 0
  private var largestRelative = 0.0
  private var leftSquares = 0.0
  private var rightSquares = 0.0
  private var product = 0.0
  private var largest = 0.0
  private var worst: TensorMetrics.Worst?
  private var distances = ULPCounter()
  /// The absolute tolerance in plain numbers; of several arrays the largest.
  private(set) var absoluteTolerance = 0.0

  init(_ tolerance: ElementTolerance) {
    self.tolerance = tolerance
  }

  /// Adds a pair of row-major arrays of this shape; `right` is the reference.
  mutating func add(_ left: [Float], _ right: [Float], shape: [Int]) {
    precondition(left.count == right.count)
    let magnitude = Double(right.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0)
    largest = max(largest, magnitude)
    let limit = tolerance.scaled ? tolerance.absolute * magnitude : tolerance.absolute
    absoluteTolerance = max(absoluteTolerance, limit)
    count += left.count
    var worstIndex: Int?
    for index in left.indices {
      let (a, b) = (left[index], right[index])
      distances.add(a, b)
      let (x, y) = (Double(a), Double(b))
      if a == b || (a.isNaN && b.isNaN) {
        if y != 0 && !b.isNaN { relativeCount += 1 }
        leftSquares += x * x
        rightSquares += y * y
        product += x * y
        continue
      }
      guard a.isFinite && b.isFinite else {
        if infinite == 0 { worstIndex = index }
        infinite += 1
        mismatched += 1
        continue
      }
      let error = abs(x - y)
      if error > limit + tolerance.relative * abs(y) { mismatched += 1 }
      if error > largestError {
        largestError = error
        if infinite == 0 { worstIndex = index }
      }
      sum += error
      squares += error * error
      if y != 0 {
        relativeCount += 1
        relativeSum += error / abs(y)
        largestRelative = max(largestRelative, error / abs(y))
      }
      leftSquares += x * x
      rightSquares += y * y
      product += x * y
    }
    if let worstIndex { worst = Self.worst(worstIndex, left, right, shape) }
  }

  private static func worst(
    _ index: Int, _ left: [Float], _ right: [Float], _ shape: [Int]
  ) -> TensorMetrics.Worst {
    var rest = index
    var place = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      place[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    func number(_ value: Float) -> Double? { value.isFinite ? Double(value) : nil }
    return TensorMetrics.Worst(index: place, left: number(left[index]), right: number(right[index]))
  }

  /// What was gathered.
  var metrics: TensorMetrics {
    let isFinite = infinite == 0
    let total = Double(max(count, 1))
    let rmse = (squares / total).squareRoot()
    let norms = leftSquares.squareRoot() * rightSquares.squareRoot()
    let cosine = product / norms
    return TensorMetrics(
      elementCount: count, mismatchedCount: mismatched,
      maxAbsoluteError: isFinite ? largestError : nil, meanAbsoluteError: isFinite ? sum / total : nil,
      maxRelativeError: isFinite ? largestRelative : nil,
      meanRelativeError: isFinite ? relativeSum / Double(max(relativeCount, 1)) : nil,
      rmse: isFinite ? rmse : nil,
      cosineSimilarity: isFinite && cosine.isFinite ? min(max(cosine, -1), 1) : nil,
      psnr: isFinite && rmse > 0 && largest > 0 ? 20 * log10(largest / rmse) : nil,
      largestMagnitude: largest, worst: worst, ulp: distances.distribution)
  }

  var isWithinTolerance: Bool { mismatched == 0 }

  /// Whether no element differs.
  var isIdentical: Bool { infinite == 0 && largestError == 0 }
}
