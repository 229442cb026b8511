import ModelIR

/// What fewer digits make of numbers.
enum Digits {
  /// Whether `b` is `a` in a half type: of those that the type holds, almost always the nearest. What was folded or
  /// computed since may be off by the last digits of float32.
  static func isRounded(_ b: [Float], from a: [Float], to type: DataType) -> Bool {
    guard b.contains(where: { $0 != 0 }), let held = rounded(b, type), let nearest = rounded(a, type),
      nearest != a
    else { return false }
    let least: Float = type == .float16 ? 6e-8 : 0
    func isNear(_ x: Float, _ y: Float) -> Bool { (x - y).magnitude <= max(x.magnitude * 5e-7, least) }
    guard zip(b, held).allSatisfy(isNear) else { return false }
    let misses = zip(nearest, b).count { !isNear($0, $1) }
    let bits = type == .float16 ? Float(1) / 1024 : Float(1) / 128
    return misses * 50 <= b.count
      && zip(a, b).allSatisfy { ($0 - $1).magnitude <= max($0.magnitude * bits, 1e-7) }
  }

  private static func rounded(_ elements: [Float], _ type: DataType) -> [Float]? {
    try? Tensor(elements, shape: [elements.count]).cast(to: type).floats()
  }

  /// A number with a mantissa of 10 bits, rounded to nearest: what TensorFloat-32 multiplies.
  static func cut(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let pattern = value.bitPattern
    let even = (pattern >> 13) & 1
    return Float(bitPattern: (pattern &+ 0xfff &+ even) & ~0x1fff)
  }

  static func isCut(_ b: [Float], from a: [Float]) -> Bool {
    guard b.contains(where: { $0 != 0 }), b.allSatisfy({ $0.bitPattern & 0x1fff == 0 }) else { return false }
    let misses = zip(a, b).count { cut($0) != $1 }
    return misses * 50 <= b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= $0.magnitude / 512 }
  }

  /// The fewest numbers that steps are told by.
  private static let leastSteps = 4

  /// The number that all elements are; nil if they are not all the same.
  static func constant(_ elements: [Float]) -> Float? {
    guard let first = elements.first, elements.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  /// Whether `b` are multiples of a step, at most 255 of them, the nearest to `a`: of one step for all, or one for each
  /// output channel. In words; nil if they are not.
  static func quantization(_ b: [Float], from a: [Float], shape: [Int]) -> String? {
    // What is the same number throughout, or nearly, was set, and not rounded to steps.
    guard b.count > 8, let outputs = shape.first, outputs > 0,
      Set(b.lazy.map(\.magnitude)).count >= leastSteps
    else { return nil }
    func isStepped(_ range: Range<Int>) -> Bool {
      let magnitudes = Set(b[range].map(\.magnitude).filter { $0 > 0 })
      guard let largest = magnitudes.max() else { return a[range].allSatisfy { $0 == 0 } }
      guard magnitudes.count <= 128 else { return false }
      // Either the largest is step 127 or 128, or the least difference between two is the step.
      let sorted = magnitudes.sorted()
      let differences = zip(sorted.dropFirst(), sorted).map { $0 - $1 } + [sorted[0]]
      let steps = [largest / 127, largest / 128, differences.filter { $0 > largest / 1000 }.min() ?? 0]
      return steps.contains { step in
        step > 0
          && range.allSatisfy { index in
            let place = (b[index] / step).rounded()
            return abs(b[index] - place * step) <= step * 0.02 && place.magnitude <= 128
              && abs(a[index] - b[index]) <= step * 1.01
          }
      }
    }
    // Channels of few elements are in steps by chance.
    let inner = b.count / outputs
    if isStepped(0..<b.count) { return "for all" }
    guard inner >= 4, outputs > 1 else { return nil }
    return (0..<outputs).allSatisfy { isStepped($0 * inner..<($0 + 1) * inner) }
      ? "for each output channel" : nil
  }

  /// Whether no elements are further apart than a part of them. Of those that are small beside the largest, which a half type
  /// holds with fewer digits, it is a part of what counts as small.
  static func areNear(_ a: [Float], _ b: [Float], within part: Double) -> Bool {
    let small = (a.map(\.magnitude).max() ?? 0) * 1e-3
    return zip(a, b).allSatisfy { ($0 - $1).magnitude <= max($0.magnitude, small) * Float(part) }
  }

  /// Whether two arrays differ by no more than rounding to a half type does, as a part of each element, and by as much:
  /// one of them was rounded before it was multiplied, so that neither holds numbers of that type.
  static func isRoundedByParts(_ a: [Float], _ b: [Float], _ type: DataType) -> Bool {
    guard a.count >= 32, let largest = a.map(\.magnitude).max(), largest > 0 else { return false }
    let limit = Float(type.roundingUnit)
    var (large, counted) = (0, 0)
    var (sum, magnitudes) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      // Subnormal numbers of float16 are held with fewer digits.
      if x.magnitude < largest * 1e-3 {
        guard (x - y).magnitude <= largest * limit else { return false }
        continue
      }
      counted += 1
      let part = (x - y).magnitude / x.magnitude
      guard part <= limit * 1.01 else { return false }
      if part > limit / 2 { large += 1 }
      sum += Double((x - y) / x)
      magnitudes += Double(part)
    }
    // Rounding goes both ways; what makes all smaller is a factor.
    return counted >= 32 && large * 20 >= counted && abs(sum) < 0.4 * magnitudes
  }

  /// The number that the elements of each channel are multiplied with, that of a channel of zeros being 1; nil if there
  /// are none, or one for all.
  static func channelFactors(_ a: [Float], _ b: [Float], shape: [Int], axis: Int?) -> [Double]? {
    guard let axis, axis < shape.count, shape[axis] > 1, a.count == b.count, a.count >= 4 * shape[axis] else {
      return nil
    }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let (extent, outer) = (shape[axis], shape[..<axis].reduce(1, *))
    var factors: [Double] = []
    for channel in 0..<extent {
      let places = (0..<outer).flatMap { block in
        (0..<inner).map { (block * extent + channel) * inner + $0 }
      }
      guard let largest = places.max(by: { a[$0].magnitude < a[$1].magnitude }), a[largest] != 0 else {
        // A channel of zeros stays one.
        guard places.allSatisfy({ b[$0] == 0 }) else { return nil }
        factors.append(1)
        continue
      }
      let factor = Double(b[largest]) / Double(a[largest])
      let limit = Double(b[largest].magnitude) * 1e-6
      guard factor.isFinite, factor != 0,
        places.allSatisfy({ abs(Double(a[$0]) * factor - Double(b[$0])) <= limit })
      else { return nil }
      factors.append(factor)
    }
    guard let least = factors.min(), let largest = factors.max(),
      largest - least > 1e-6 * max(abs(least), abs(largest))
    else { return nil }
    return factors
  }

  /// The number that all elements are multiplied with; nil if there is none.
  static func factor(_ a: [Float], _ b: [Float]) -> Double? {
    guard let index = a.indices.max(by: { a[$0].magnitude < a[$1].magnitude }), a[index] != 0, a.count > 1
    else { return nil }
    let factor = Double(b[index]) / Double(a[index])
    guard factor.isFinite, factor != 0 else { return nil }
    let limit = Double(b[index].magnitude) * 1e-6
    return zip(a, b).allSatisfy { abs(Double($0) * factor - Double($1)) <= limit } ? factor : nil
  }
}
