#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledKernels {
  func scaleAndShift(
    _ input: FeatureMap<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, appliesReLU: Bool,
    into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let function = unsafe ScaleAndShift(scale: scale, shift: shift, floor: appliesReLU ? 0 : -.infinity)
    unsafe Self.forEachVector(input, output, threads, function)
  }

  func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    switch function {
    case .relu: unsafe Self.forEachVector(input, output, threads, Rectification())
    case .leakyReLU(let alpha):
      unsafe Self.forEachVector(input, output, threads, LeakyRectification(alpha: alpha))
    case .sigmoid: unsafe Self.forEachVector(input, output, threads, Sigmoid())
    case .hardSigmoid(let alpha, let beta):
      unsafe Self.forEachVector(input, output, threads, HardSigmoid(alpha: alpha, beta: beta))
    case .hardSwish: unsafe Self.forEachVector(input, output, threads, HardSwish())
    case .hyperbolicTangent: unsafe Self.forEachVector(input, output, threads, HyperbolicTangent())
    case .squareRoot: unsafe Self.forEachVector(input, output, threads, SquareRoot())
    case .exponential: unsafe Self.forEachVector(input, output, threads, Exponential())
    case .clip(let minimum, let maximum):
      unsafe Self.forEachVector(input, output, threads, Clip(minimum: minimum, maximum: maximum))
    }
  }

  /// Sets the output to a function of the input, vector by vector.
  private static func forEachVector<Function: VectorFunction>(
    _ input: FeatureMap<Float>, _ output: FeatureMap<Float>, _ threads: ThreadPool, _ function: Function
  ) {
    let size = unsafe input.planeSize
    unsafe threads.parallelRanges(input.planeCount, least: max(1, leastTask / max(1, size))) { planes, _ in
      for plane in planes {
        let channel = unsafe plane % input.channels
        let source = unsafe input.plane(plane)
        let target = unsafe output.plane(plane)
        var index = 0
        while index + Tile.lanes <= size {
          unsafe function.value(.load(source + index), channel: channel).store(target + index)
          index += Tile.lanes
        }
        if index < size {
          unsafe function.value(.load(source + index, count: size - index), channel: channel)
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
