import Execution
import FileIO
import Kernels
import ModelIR

// Safe: a buffer of two halves is taken for each part and freed behind it; tensors fill as many elements as a half holds.

extension WeightProof {
  /// A parameter and the written one, of the same shape.
  struct Pending {
    let own: Tensor
    let found: Tensor
    let name: String
    /// A factor for each index of the first axis, or one for all.
    let scales: [Double]
    let rounding: Rounding
    /// The place of what is found.
    let finding: Int

    /// How many elements are looked at together: what both sides of them take stays in the second cache.
    static let chunk = 1 << 14

    /// The first element that is not what it must be, and how many there are.
    fileprivate func mismatch() throws(ScaleNetError) -> Mismatch? {
      do throws(ScaleNetError) {
        if own.dataType == .float64 || found.dataType == .float64 {
          return try unsafe mismatch(Double.self) { (tensor, start, target) throws(ScaleNetError) in
            try unsafe tensor.readDoubles(from: start, into: target)
          }
        }
        return try unsafe mismatch(Float.self) { (tensor, start, target) throws(ScaleNetError) in
          try unsafe tensor.readFloats(from: start, into: target)
        }
      } catch {
        throw .unreadableInitializer(name: name, error: error)
      }
    }

    private func mismatch<Scalar: BinaryFloatingPoint>(
      _ type: Scalar.Type,
      _ read: (Tensor, Int, UnsafeMutableBufferPointer<Scalar>) throws(ScaleNetError) -> Void
    ) throws(ScaleNetError) -> Mismatch? {
      let count = own.elementCount
      let inner = max(1, count / max(scales.count, 1))
      let buffer = UnsafeMutableBufferPointer<Scalar>.allocate(
        capacity: 2 * min(Self.chunk, max(count, 1)))
      defer { unsafe buffer.deallocate() }
      var result: Mismatch?
      for start in stride(from: 0, to: count, by: Self.chunk) {
        let size = min(Self.chunk, count - start)
        let ours = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<size])
        let others = unsafe UnsafeMutableBufferPointer(rebasing: buffer[size..<2 * size])
        try unsafe read(own, start, ours)
        try unsafe read(found, start, others)
        var index = 0
        while index < size {
          let channel = (start + index) / inner
          let end = min(size, (channel + 1) * inner - start)
          unsafe compare(ours, others, index..<end, scales[channel], start, &result)
          index = end
        }
      }
      try own.checkIntact()
      try found.checkIntact()
      return result
    }

    /// Elements of one factor.
    private func compare<Scalar: BinaryFloatingPoint>(
      _ own: UnsafeMutableBufferPointer<Scalar>, _ found: UnsafeMutableBufferPointer<Scalar>,
      _ range: Range<Int>, _ scale: Double, _ start: Int, _ result: inout Mismatch?
    ) {
      let (relative, absolute, growing) = (rounding.relative, rounding.absolute, rounding.growing)
      // Most rows hold nothing to say; those that do are looked through again.
      var outside = 0
      for index in range {
        let w = unsafe Double(own[index])
        let e = w * scale
        let limit = relative * e.magnitude + (absolute + growing * w.magnitude)
        outside &+= unsafe (Double(found[index]) - e).magnitude <= limit ? 0 : 1
      }
      if outside == 0 { return }
      for index in range {
        let w = unsafe Double(own[index])
        let (e, value) = unsafe (w * scale, Double(found[index]))
        let limit = relative * e.magnitude + (absolute + growing * w.magnitude)
        if (value - e).magnitude <= limit || WeightProof.isSame(value, e) { continue }
        result = Mismatch.adding(
          result, index: start + index, expected: e, found: value, count: self.own.elementCount)
      }
    }
  }

  /// Notes parameters of the same shape, whose elements are held against each other at the end.
  ///
  /// - Parameter scales: a factor for each index of the first axis, or one for all.
  mutating func compare(
    _ own: Tensor, _ found: Tensor, name: String, scales: [Double], steps: Int, stored: DataType
  ) {
    pending.append(
      Pending(
        own: own, found: found, name: name, scales: scales,
        rounding: Rounding(steps: steps, stored: stored), finding: findings.count))
    findings.append(nil)
  }

  /// Holds what is pending against each other, a parameter a task.
  mutating func comparePending(_ threads: ThreadPool) throws(ScaleNetError) {
    let pending = pending
    let results = Locked<[Int: Result<Mismatch?, ScaleNetError>]>([:])
    threads.parallelFor(pending.count) { index, _ in
      let result: Result<Mismatch?, ScaleNetError>
      do throws(ScaleNetError) {
        result = .success(try pending[index].mismatch())
      } catch {
        result = .failure(error)
      }
      results.withLock { $0[index] = result }
    }
    let found = results.withLock { $0 }
    for (index, parameter) in pending.enumerated() {
      guard let mismatch = try found[index]?.get() else { continue }
      findings[parameter.finding] = Self.sentence(mismatch, parameter.name, parameter.rounding)
    }
    self.pending = []
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
    if let mismatch { findings.append(Self.sentence(mismatch, name, rounding)) }
  }

  private static func sentence(_ mismatch: Mismatch, _ name: String, _ rounding: Rounding) -> String {
    let count =
      mismatch.outside == 1
      ? "1 of \(mismatch.count) numbers is" : "\(mismatch.outside) of \(mismatch.count) numbers are"
    return
      "\(name.escapedForMessage): \(count) not the source's: element \(mismatch.index) is \(Float(mismatch.found)), "
      + "expected \(Float(mismatch.expected)) to a part of \(rounding.relative.scientific), which is what rounding explains"
  }

  /// NaN of NaN is what the source has, whatever that is worth.
  fileprivate static func isSame(_ a: Double, _ b: Double) -> Bool {
    a == b || (a.isNaN && b.isNaN)
  }
}

/// Elements that are not what they must be.
struct Mismatch {
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
    let least =
      switch stored {
      case .float16: 0x1p-24
      case .bfloat16: 0x1p-133
      case .float64: 0x1p-1074
      default: 0x1p-149
      }
    relative = (stored.roundingUnit + 2 * Double(steps) * 0x1p-24) * slack
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
