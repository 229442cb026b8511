import ModelIR

/// What fewer digits make of numbers. The own parameter of a pair is the one with more digits, the other what was made of
/// it.
enum Digits {
  typealias Pair = ElementPair<FloatElements>

  /// Whether the other is the own one in a half type: of those that the type holds, almost always the nearest. What was
  /// folded or computed since may be off by the last digits of float32.
  static func isRounded(_ pair: Pair, to type: DataType) -> Bool {
    let least: Float = type == .float16 ? 6e-8 : 0
    let bits = type == .float16 ? Float(1) / 1024 : Float(1) / 128
    func isNear(_ x: Float, _ y: Float) -> Bool { (x - y).magnitude <= max(x.magnitude * 5e-7, least) }
    var misses = 0
    var (isAnything, isMoved) = (false, false)
    let isSo = pair.allBlocks { _, a, b in
      guard let held = rounded(b, type), zip(b, held).allSatisfy(isNear), let nearest = rounded(a, type)
      else { return false }
      misses += zip(nearest, b).count { !isNear($0, $1) }
      // Of what float16 holds with a single digit or none, nothing can be told.
      isAnything =
        isAnything || b.contains { $0.magnitude >= (type == .float16 ? leastNormal : .leastNonzeroMagnitude) }
      isMoved = isMoved || nearest != a
      return misses * 50 <= pair.count
        && zip(a, b).allSatisfy { ($0 - $1).magnitude <= max($0.magnitude * bits, 1e-7) }
    }
    return isSo && isAnything && isMoved
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

  static func isCut(_ pair: Pair) -> Bool {
    var misses = 0
    var isAnything = false
    let isSo = pair.allBlocks { _, a, b in
      guard b.allSatisfy({ $0.bitPattern & 0x1fff == 0 }) else { return false }
      isAnything = isAnything || b.contains { $0 != 0 }
      misses += zip(a, b).count { cut($0) != $1 }
      return misses * 50 <= pair.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= $0.magnitude / 512 }
    }
    return isSo && isAnything
  }

  /// The fewest numbers that steps are told by.
  private static let leastSteps = 4

  /// The fewest numbers that rounding is told by: fewer are near those of a half type by chance.
  private static let leastRounded = 16

  /// The least normal number of float16.
  private static let leastNormal: Float = 0x1p-14

  /// The number that all elements are; nil if they are not all the same.
  static func constant(_ elements: FloatElements) -> Float? {
    var value: Float?
    let isOne = elements.allBlocks { block in
      value = value ?? block.first
      return block.allSatisfy { $0 == value }
    }
    return isOne ? value : nil
  }

  /// Whether the other has as many magnitudes as steps are told by.
  private static func hasSteps(_ pair: Pair) -> Bool {
    var magnitudes = Set<Float>()
    let areFew = pair.other.allBlocks { block in
      for value in block where magnitudes.count < leastSteps { magnitudes.insert(value.magnitude) }
      return magnitudes.count < leastSteps
    }
    return !areFew
  }

  /// Whether the other are multiples of a step, at most 255 of them, the nearest to the own: of one step for all, or one
  /// for each output channel. In words; nil if they are not.
  static func quantization(_ pair: Pair) -> String? {
    // What is the same number throughout, or nearly, was set, and not rounded to steps.
    guard pair.count > 8, let outputs = pair.shape.first, outputs > 0, hasSteps(pair) else { return nil }
    func isStepped(_ range: Range<Int>) -> Bool {
      var magnitudes = Set<Float>()
      let areFew = pair.allBlocks(in: range) { _, _, b in
        for value in b where value.magnitude > 0 {
          magnitudes.insert(value.magnitude)
          if magnitudes.count > 128 { return false }
        }
        return true
      }
      guard areFew else { return false }
      guard let largest = magnitudes.max() else {
        return pair.allBlocks(in: range) { _, a, _ in a.allSatisfy { $0 == 0 } }
      }
      // Either the largest is step 127 or 128, or the least difference between two is the step.
      let sorted = magnitudes.sorted()
      let differences = zip(sorted.dropFirst(), sorted).map { $0 - $1 } + [sorted[0]]
      let steps = [largest / 127, largest / 128, differences.filter { $0 > largest / 1000 }.min() ?? 0]
      return steps.contains { step in
        step > 0
          && pair.allBlocks(in: range) { _, a, b in
            b.indices.allSatisfy { index in
              let place = (b[index] / step).rounded()
              return abs(b[index] - place * step) <= step * 0.02 && place.magnitude <= 128
                && abs(a[index] - b[index]) <= step * 1.01
            }
          }
      }
    }
    // Channels of few elements are in steps by chance.
    let inner = pair.count / outputs
    if isStepped(0..<pair.count) { return "for all" }
    guard inner >= 4, outputs > 1 else { return nil }
    return (0..<outputs).allSatisfy { isStepped($0 * inner..<($0 + 1) * inner) }
      ? "for each output channel" : nil
  }

  /// Whether no elements are further apart than a part of them. Of those that are small beside the largest, which a half type
  /// holds with fewer digits, it is a part of what counts as small.
  static func areNear(_ pair: Pair, within part: Double) -> Bool {
    let small = (largest(pair)?.own.magnitude ?? 0) * 1e-3
    return pair.allSatisfy { ($0 - $1).magnitude <= max($0.magnitude, small) * Float(part) }
  }

  /// Whether two parameters differ by no more than rounding to a half type does, as a part of each element, and by as much:
  /// one of them was rounded before it was multiplied, so that neither holds numbers of that type.
  static func isRoundedByParts(_ pair: Pair, _ type: DataType) -> Bool {
    guard pair.count >= leastRounded, let place = largest(pair), place.own.magnitude > 0 else { return false }
    let (largest, limit) = (place.own.magnitude, Float(type.roundingUnit))
    // Subnormal numbers of float16 are held with fewer digits; how large they are once multiplied is not known.
    let small = max(largest * 1e-3, type == .float16 ? min(largest / 8, leastNormal * 4) : 0)
    var (large, counted) = (0, 0)
    var (sum, magnitudes) = (0.0, 0.0)
    let isSo = pair.allBlocks { _, a, b in
      for (x, y) in zip(a, b) {
        if x.magnitude < small {
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
      return true
    }
    // Rounding goes both ways; what makes all smaller is a factor.
    return isSo && counted >= leastRounded && large * 20 >= counted && abs(sum) < 0.4 * magnitudes
  }

  /// The own element of the largest magnitude and its counterpart; nil without elements.
  private static func largest(_ pair: Pair) -> (own: Float, other: Float)? {
    var result: (own: Float, other: Float)?
    let isRead = pair.allBlocks { _, a, b in
      for index in a.indices where result.map({ $0.own.magnitude < a[index].magnitude }) ?? true {
        result = (a[index], b[index])
      }
      return true
    }
    return isRead ? result : nil
  }

  /// The number that the elements of each channel are multiplied with, that of a channel of zeros being 1; nil if there
  /// are none, or one for all.
  static func channelFactors(_ pair: Pair, axis: Int?) -> [Double]? {
    guard let axis, axis < pair.shape.count, pair.shape[axis] > 1, pair.count >= 4 * pair.shape[axis] else {
      return nil
    }
    var largest = [(own: Float, other: Float)?](repeating: nil, count: pair.shape[axis])
    let isRead = pair.allBlocks { start, a, b in
      pair.forEachRun(of: a.count, from: start, axis: axis) { channel, places in
        for index in places where largest[channel].map({ $0.own.magnitude < a[index].magnitude }) ?? true {
          largest[channel] = (a[index], b[index])
        }
      }
      return true
    }
    guard isRead else { return nil }
    var factors: [(factor: Double, limit: Double)] = []
    for case let found? in largest {
      guard found.own != 0 else {
        // A channel of zeros stays one.
        factors.append((1, 0))
        continue
      }
      let factor = Double(found.other) / Double(found.own)
      guard factor.isFinite, factor != 0 else { return nil }
      factors.append((factor, Double(found.other.magnitude) * 1e-6))
    }
    guard factors.count == largest.count else { return nil }
    let isSo = pair.allBlocks { start, a, b in
      var isSo = true
      pair.forEachRun(of: a.count, from: start, axis: axis) { channel, places in
        let (factor, limit) = factors[channel]
        isSo = isSo && places.allSatisfy { abs(Double(a[$0]) * factor - Double(b[$0])) <= limit }
      }
      return isSo
    }
    let found = factors.map(\.factor)
    guard isSo, let least = found.min(), let largest = found.max(),
      largest - least > 1e-6 * max(abs(least), abs(largest))
    else { return nil }
    return found
  }

  /// The number that all elements are multiplied with; nil if there is none.
  static func factor(_ pair: Pair) -> Double? {
    guard pair.count > 1, let found = largest(pair), found.own != 0 else { return nil }
    let factor = Double(found.other) / Double(found.own)
    guard factor.isFinite, factor != 0 else { return nil }
    let limit = Double(found.other.magnitude) * 1e-6
    return pair.allSatisfy { abs(Double($0) * factor - Double($1)) <= limit } ? factor : nil
  }
}
