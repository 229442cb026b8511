import Execution
import FileIO
import ModelIR

extension WeightProof {
  /// Elements of a parameter: as they are stored where that is float32 or narrower.
  enum Elements {
    case floats([Float])
    case doubles([Double])

    var asDoubles: [Double] {
      switch self {
      case .floats(let values): values.map { Double($0) }
      case .doubles(let values): values
      }
    }
  }

  func elements(_ tensor: Tensor, _ id: ValueID?) throws(ScaleNetError) -> Elements {
    do throws(ScaleNetError) {
      return tensor.dataType == .float64 ? .doubles(try tensor.doubles()) : .floats(try tensor.floats())
    } catch {
      throw .unreadableInitializer(name: id.map { source[$0].name } ?? "", error: error)
    }
  }

  /// - Parameter scales: a factor for each index of the first axis, or one for all.
  mutating func compare(
    _ own: Elements, _ found: Elements, name: String, scales: [Double], steps: Int, stored: DataType
  ) throws(ScaleNetError) {
    let rounding = Rounding(steps: steps, stored: stored)
    let worst: Mismatch?
    if case .floats(let a) = own, case .floats(let b) = found {
      worst = Self.mismatch(a, b, scales, rounding)
    } else {
      worst = Self.mismatch(own.asDoubles, found.asDoubles, scales, rounding)
    }
    if let worst { add(worst, name, rounding) }
  }

  mutating func compareBias(
    _ expected: ExpectedBias, _ found: [Double], name: String, stored: DataType
  ) {
    let rounding = Rounding(steps: 0, stored: stored)
    var mismatch: Mismatch?
    for index in found.indices {
      let (value, e) = (found[index], expected.values[index])
      let limit = expected.bounds[index] + rounding.relative * abs(e) + rounding.absolute
      if abs(value - e) <= limit || Self.isSame(value, e) { continue }
      mismatch = Mismatch.adding(mismatch, index: index, expected: e, found: value, count: found.count)
    }
    if let mismatch { add(mismatch, name, rounding) }
  }

  private mutating func add(_ mismatch: Mismatch, _ name: String, _ rounding: Rounding) {
    let count =
      mismatch.outside == 1
      ? "1 of \(mismatch.count) numbers is" : "\(mismatch.outside) of \(mismatch.count) numbers are"
    problems.append(
      "\(name.escapedForMessage): \(count) not the source's: element \(mismatch.index) is \(Float(mismatch.found)), "
        + "expected \(Float(mismatch.expected)) to a part of \(rounding.relative.scientific), which is what rounding explains"
    )
  }

  /// NaN of NaN is what the source has, whatever that is worth.
  private static func isSame(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }

  private static func mismatch<Scalar: BinaryFloatingPoint>(
    _ own: [Scalar], _ found: [Scalar], _ scales: [Double], _ rounding: Rounding
  ) -> Mismatch? {
    precondition(own.count == found.count)
    var result: Mismatch?
    let inner = own.count / max(scales.count, 1)
    for (channel, scale) in scales.enumerated() {
      // Most rows hold nothing to say; those that do are looked through again.
      var isWithin = true
      for index in channel * inner..<(channel + 1) * inner {
        let w = Double(own[index])
        let e = w * scale
        let limit = rounding.relative * e.magnitude + (rounding.absolute + rounding.growing * w.magnitude)
        isWithin = isWithin && (Double(found[index]) - e).magnitude <= limit
      }
      if isWithin { continue }
      for index in channel * inner..<(channel + 1) * inner {
        let w = Double(own[index])
        let (e, value) = (w * scale, Double(found[index]))
        let limit = rounding.relative * e.magnitude + (rounding.absolute + rounding.growing * w.magnitude)
        if (value - e).magnitude <= limit || isSame(value, e) { continue }
        result = Mismatch.adding(result, index: index, expected: e, found: value, count: own.count)
      }
    }
    return result
  }
}

/// Elements that are not what they must be.
private struct Mismatch {
  var index: Int
  var expected: Double
  var found: Double
  var outside = 1
  var count: Int

  static func adding(_ known: Mismatch?, index: Int, expected: Double, found: Double, count: Int) -> Mismatch
  {
    guard var known else { return Mismatch(index: index, expected: expected, found: found, count: count) }
    known.outside += 1
    return known
  }
}

/// By how much rounding moves a stored number.
struct Rounding {
  /// As a part of the number.
  let relative: Double
  /// Where it is subnormal.
  let absolute: Double
  /// As a part of the weight that a subnormal factor is multiplied with.
  let growing: Double

  /// - Parameters:
  ///   - steps: normalisations that were folded in, in float32.
  ///   - stored: the type that the number is in.
  init(steps: Int, stored: DataType) {
    // A little more than the bound, for the rounding of this computation itself.
    let slack = 1 + 0x1p-20
    let (unit, least): (Double, Double) =
      switch stored {
      case .float16: (0x1p-11, 0x1p-24)
      case .bfloat16: (0x1p-8, 0x1p-133)
      case .float64: (0x1p-53, 0x1p-1074)
      default: (0x1p-24, 0x1p-149)
      }
    relative = (unit + 2 * Double(steps) * 0x1p-24) * slack
    absolute = least + Double(steps) * 0x1p-148
    growing = Double(steps) * 0x1p-148
  }
}

/// What the bias of a convolution becomes as normalisations are folded in, and what the weights are multiplied with.
struct ExpectedBias {
  var values: [Double]
  /// What rounding can add to each so far.
  var bounds: [Double]
  var scales: [Double]

  init(_ outputs: Int, _ bias: [Double]?) {
    values = bias ?? [Double](repeating: 0, count: outputs)
    bounds = [Double](repeating: 0, count: values.count)
    scales = [Double](repeating: 1, count: values.count)
  }

  mutating func fold(gamma: [Double], beta: [Double], mean: [Double], variance: [Double], epsilon: Double) {
    for channel in values.indices {
      let scale = gamma[channel] / (variance[channel] + epsilon).squareRoot()
      let magnitude =
        (abs(values[channel]) + abs(mean[channel])) * abs(scale) + abs(beta[channel])
      values[channel] = (values[channel] - mean[channel]) * scale + beta[channel]
      bounds[channel] =
        bounds[channel] * abs(scale) + 0x1p-24 * abs(values[channel]) + 0x1p-50 * magnitude + 0x1p-148
      scales[channel] *= scale
    }
  }
}
