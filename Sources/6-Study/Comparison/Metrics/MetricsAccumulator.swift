import Glibc

/// Gathers the metrics of pairs of arrays: their distance, and what else is reported of outputs.
struct MetricsAccumulator {
  private(set) var distance: Distance
  private var infinite = 0
  private var sum = 0.0
  private var squares = SquareSum()
  private var relativeSum = 0.0
  private var relativeCount = 0
  private var largestRelative = 0.0
  private var worst: TensorMetrics.Worst?
  private var steps = ULPCounter()

  init(_ tolerance: Tolerance) {
    distance = Distance(tolerance)
  }

  /// Adds a pair of row-major arrays of this shape; `right` is the reference.
  mutating func add<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar], shape: [Int]) {
    if let index = distance.add(left, right) {
      worst = Self.worst(index, Double(left[index]), Double(right[index]), shape)
    }
    addErrors(left, right)
  }

  /// Adds a pair of arrays of integers.
  mutating func add(_ left: [Int128], _ right: [Int128], shape: [Int]) {
    if let index = distance.add(left, right) {
      worst = TensorMetrics.Worst(
        index: Self.place(index, shape), leftInteger: left[index], rightInteger: right[index])
    }
    for (a, b) in zip(left, right) {
      steps.add(integers: a, b)
      // Numbers past 2^53 can be one apart and the same in Double.
      if a == b {
        relativeCount += b == 0 ? 0 : 1
      } else {
        add(Double((a - b).magnitude), of: Double(b))
      }
    }
  }

  private mutating func addErrors<Scalar: BinaryFloatingPoint>(_ left: [Scalar], _ right: [Scalar]) {
    for index in left.indices {
      let (a, b) = (left[index], right[index])
      steps.add(Float(a), Float(b))
      let (x, y) = (Double(a), Double(b))
      if a == b || (a.isNaN && b.isNaN) {
        if y != 0 && !b.isNaN { relativeCount += 1 }
        continue
      }
      guard a.isFinite && b.isFinite else {
        infinite += 1
        continue
      }
      add(abs(x - y), of: y)
    }
  }

  private mutating func add(_ error: Double, of reference: Double) {
    sum += error
    squares.add(error)
    guard reference != 0 else { return }
    relativeCount += 1
    relativeSum += error / abs(reference)
    largestRelative = max(largestRelative, error / abs(reference))
  }

  private static func worst(
    _ index: Int, _ left: Double, _ right: Double, _ shape: [Int]
  ) -> TensorMetrics.Worst {
    TensorMetrics.Worst(index: place(index, shape), left: left.ifFinite, right: right.ifFinite)
  }

  /// The index along each axis of a row-major one.
  private static func place(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    var place = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      place[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return place
  }

  /// What was gathered.
  var metrics: TensorMetrics {
    let isFinite = infinite == 0
    let total = Double(max(distance.elementCount, 1))
    let rmse = squares.root(of: total)
    let largest = distance.largestMagnitude
    return TensorMetrics(
      elementCount: distance.elementCount, mismatchedCount: distance.mismatchedCount,
      maxAbsoluteError: distance.maxAbsoluteError.ifFinite,
      meanAbsoluteError: isFinite ? (sum / total).ifFinite : nil,
      maxRelativeError: isFinite ? largestRelative.ifFinite : nil,
      meanRelativeError: isFinite ? (relativeSum / Double(max(relativeCount, 1))).ifFinite : nil,
      rmse: isFinite ? rmse.ifFinite : nil, cosineSimilarity: isFinite ? distance.cosineSimilarity : nil,
      psnr: isFinite && rmse > 0 && largest > 0 ? (20 * log10(largest / rmse)).ifFinite : nil,
      nonFiniteCount: distance.undecidedCount + distance.infiniteCount, largestMagnitude: largest,
      worst: worst, ulp: steps.distribution)
  }

  /// Whether no element differs, and there is one that shows it.
  var isIdentical: Bool {
    distance.maxAbsoluteError == 0 && distance.undecidedCount == 0 && !distance.provesNothing
  }
}

/// A sum of squares, also of numbers whose squares Double does not hold: those far from 1 are summed apart, scaled by a power
/// of two.
private struct SquareSum {
  private static let limit = 0x1p500
  private static let scale = 0x1p600
  private var large = 0.0
  private var usual = 0.0
  private var small = 0.0

  mutating func add(_ value: Double) {
    if value > Self.limit {
      large += value / Self.scale * (value / Self.scale)
    } else if value < 1 / Self.limit {
      small += value * Self.scale * (value * Self.scale)
    } else {
      usual += value * value
    }
  }

  /// The square root of a `count`th of the sum.
  func root(of count: Double) -> Double {
    // Beside larger ones the others are lost in rounding.
    if large > 0 { return (large / count).squareRoot() * Self.scale }
    return usual > 0 ? (usual / count).squareRoot() : (small / count).squareRoot() / Self.scale
  }
}

/// Counts distances between float32 numbers in buckets that double: 0, 1, 2, up to 4, up to 8 and so on.
struct ULPCounter {
  /// One bucket for 0 and one for each power of two up to 2^32.
  private var counts = [Int](repeating: 0, count: 34)
  private var largest = 0

  mutating func add(_ left: Float, _ right: Float) { add(Self.distance(left, right)) }

  /// Neighbours of an integer are 1 apart.
  mutating func add(integers left: Int128, _ right: Int128) {
    add(Int(min((left - right).magnitude, UInt128(Self.farthest))))
  }

  private mutating func add(_ distance: Int) {
    largest = max(largest, distance)
    counts[Self.bucket(distance)] += 1
  }

  private static let farthest = Int(UInt32.max)

  /// How many steps between neighbouring numbers lead from one to the other; +0 and -0 are one number.
  static func distance(_ left: Float, _ right: Float) -> Int {
    if left == right || (left.isNaN && right.isNaN) { return 0 }
    guard left.isFinite && right.isFinite else { return farthest }
    return abs(place(left) - place(right))
  }

  /// The place of a number when all are in order.
  private static func place(_ value: Float) -> Int {
    let magnitude = Int(value.bitPattern & 0x7fff_ffff)
    return value.sign == .minus ? -magnitude : magnitude
  }

  /// 0 for 0; else 1 plus the exponent of the power of two that is not below `distance`.
  private static func bucket(_ distance: Int) -> Int {
    distance == 0 ? 0 : Int.bitWidth - (distance - 1).leadingZeroBitCount + 1
  }

  private static func upperEnd(_ bucket: Int) -> Int { bucket == 0 ? 0 : 1 << (bucket - 1) }

  var distribution: ULPDistribution {
    let last = Self.bucket(largest)
    let total = counts.reduce(0, +)
    func percentile(_ percent: Int) -> Int {
      var seen = 0
      for (bucket, count) in counts.enumerated() {
        seen += count
        if seen * 100 >= total * percent { return min(Self.upperEnd(bucket), largest) }
      }
      return largest
    }
    // Above 2^20 numbers have little in common: one open bucket.
    let shown = min(last, 21)
    var histogram = (0...shown).map { ULPDistribution.Bucket(upTo: Self.upperEnd($0), count: counts[$0]) }
    if last > shown {
      histogram.append(ULPDistribution.Bucket(upTo: nil, count: counts[(shown + 1)...].reduce(0, +)))
    }
    return ULPDistribution(
      median: percentile(50), p90: percentile(90), p99: percentile(99), max: largest, histogram: histogram)
  }
}

/// Whether both sides rank the classes alike. Where elements tie, any order of them agrees.
struct TopAgreement {
  private var rows = 0
  private var sameFirst = 0
  private var sameFive = 0
  private var columns = 0

  /// Adds matrices of `columns` columns.
  mutating func add(_ left: [Float], _ right: [Float], columns: Int) {
    self.columns = columns
    for start in stride(from: 0, to: left.count, by: columns) {
      let (a, b) = (left[start..<start + columns], right[start..<start + columns])
      // What is no number on both sides chooses nothing.
      if a.allSatisfy(\.isNaN), b.allSatisfy(\.isNaN) { continue }
      let (best, other) = (Self.largest(a), Self.largest(b))
      rows += 1
      func agree(_ count: Int) -> Bool {
        let (own, others) = (best.prefix(count), other.prefix(count))
        if Set(own) == Set(others) { return true }
        // The other's choice is as good where its elements are as large.
        func isAsGood(_ row: ArraySlice<Float>, _ chosen: ArraySlice<Int>, _ best: ArraySlice<Int>) -> Bool {
          guard let least = best.last else { return true }
          // A row whose elements are all the same chooses nothing.
          guard row.contains(where: { $0 != row[start] }) else { return false }
          return chosen.allSatisfy { row[start + $0] >= row[start + least] }
        }
        return isAsGood(a, others, own) || isAsGood(b, own, others)
      }
      if agree(1) { sameFirst += 1 }
      if agree(5) { sameFive += 1 }
    }
  }

  /// The indices of the five largest elements, largest first.
  private static func largest(_ row: ArraySlice<Float>) -> [Int] {
    var best: [(value: Float, index: Int)] = []
    for (index, value) in row.enumerated() {
      let value = value.isNaN ? -Float.infinity : value
      guard best.count < 5 || value > best[4].value else { continue }
      let place = best.firstIndex { value > $0.value } ?? best.count
      best.insert((value, index), at: place)
      if best.count > 5 { best.removeLast() }
    }
    return best.map(\.index)
  }

  /// In which part of the rows the largest elements agree; nil without rows.
  var first: Double? { rows > 0 ? Double(sameFirst) / Double(rows) : nil }
  /// In which part of the rows the five largest are the same set; nil without rows, and where there are no others.
  var five: Double? { rows > 0 && columns > 5 ? Double(sameFive) / Double(rows) : nil }
}
