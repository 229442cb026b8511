#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledKernels {
  func scaleAndShift(
    _ input: FeatureMap<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, appliesReLU: Bool,
    into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let floor = Vector(repeating: appliesReLU ? 0 : -.infinity)
    unsafe Self.forEachVector(input, output, threads) { channel, value in
      let result = unsafe Vector(repeating: shift[channel]).adding(
        value, times: Vector(repeating: scale[channel]))
      return result.replacing(with: floor, where: result .< floor)
    }
  }

  func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    switch function {
    case .relu:
      unsafe Self.forEachVector(input, output, threads) { _, value in value.rectified }
    case .sigmoid:
      unsafe Self.forEachVector(input, output, threads) { _, value in
        Vector(repeating: 1) / ((-value).exponential + Vector(repeating: 1))
      }
    case .clip(let minimum, let maximum):
      let (low, high) = (Vector(repeating: minimum), Vector(repeating: maximum))
      unsafe Self.forEachVector(input, output, threads) { _, value in
        let raised = value.replacing(with: low, where: value .< low)
        return raised.replacing(with: high, where: raised .> high)
      }
    case .leakyReLU(let alpha):
      unsafe Self.forEachVector(input, output, threads) { _, value in
        value.replacing(with: value * Vector(repeating: alpha), where: value .< 0)
      }
    case .hardSigmoid(let alpha, let beta):
      unsafe Self.forEachVector(input, output, threads) { _, value in
        Vector(repeating: beta).adding(value, times: Vector(repeating: alpha)).heldToUnit
      }
    case .hardSwish:
      unsafe Self.forEachVector(input, output, threads) { _, value in
        value * Vector(repeating: 0.5).adding(value, times: Vector(repeating: 1.0 / 6)).heldToUnit
      }
    case .hyperbolicTangent:
      unsafe Self.forEachVector(input, output, threads) { _, value in value.hyperbolicTangent }
    case .squareRoot:
      unsafe Self.forEachVector(input, output, threads) { _, value in value.squareRoot() }
    case .exponential:
      // The square of half the power reaches infinity and 0, where the series does not.
      unsafe Self.forEachVector(input, output, threads) { _, value in
        let root = (value * Vector(repeating: 0.5)).exponential
        return root * root
      }
    }
  }

  /// Sets the output to a function of the input, vector by vector.
  @inline(__always)
  private static func forEachVector(
    _ input: FeatureMap<Float>, _ output: FeatureMap<Float>, _ threads: ThreadPool,
    _ function: (_ channel: Int, _ value: Vector) -> Vector
  ) {
    let size = unsafe input.planeSize
    unsafe threads.parallelRanges(input.planeCount, least: max(1, leastTask / max(1, size))) { planes, _ in
      for plane in planes {
        let channel = unsafe plane % input.channels
        let source = unsafe input.plane(plane)
        let target = unsafe output.plane(plane)
        var index = 0
        while index + Tile.lanes <= size {
          unsafe function(channel, .load(source + index)).store(target + index)
          index += Tile.lanes
        }
        if index < size {
          unsafe function(channel, .load(source + index, count: size - index))
            .store(target + index, count: size - index)
        }
      }
    }
  }

  func softmax(
    _ input: UnsafePointer<Float>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    threads.parallelRanges(outer * inner, least: max(1, Self.leastTask / max(1, count))) { rows, _ in
      let line = FloatBuffer(count: count)
      defer { withExtendedLifetime(line) {} }
      for row in rows {
        let start = row / inner * count * inner + row % inner
        var largest = -Float.infinity
        for index in 0..<count {
          let value = unsafe input[start + index * inner]
          unsafe line.elements[index] = value
          largest = MaximumReduction.combine(largest, value)
        }
        var sum: Float = 0
        for index in stride(from: 0, to: count, by: Tile.lanes) {
          let place = unsafe line.elements + index
          let power = unsafe (Vector.load(place, count: count - index) - Vector(repeating: largest))
            .exponential
          unsafe power.store(place, count: count - index)
        }
        for index in 0..<count { unsafe sum += line.elements[index] }
        for index in 0..<count { unsafe output[start + index * inner] = unsafe line.elements[index] / sum }
      }
    }
  }
}
