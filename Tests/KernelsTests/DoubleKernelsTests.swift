import Kernels
import Testing

/// The fast kernels in Double against the loops that are obviously right, for each instruction set.
@Suite struct DoubleKernelsTests {
  /// Sums in another order differ by less than this part of the largest one.
  private static let tolerance = 1e-14

  private static let variants = InstructionSet.allCases.filter(\.isSupported).map { DoubleKernels([$0]) }

  private static let geometries: [Convolution] = [
    Convolution(
      window: Window(
        kernel: Extent(3, 3), padding: Padding(top: 1, left: 1, bottom: 1, right: 1)), inputChannels: 5,
      outputChannels: 7, batch: 2, input: Extent(9, 11)),
    Convolution(
      window: Window(
        kernel: Extent(7, 7), strides: Extent(2, 2), padding: Padding(top: 3, left: 2, bottom: 0, right: 4)),
      inputChannels: 3, outputChannels: 4, batch: 1, input: Extent(17, 16)),
    Convolution(
      window: Window(kernel: Extent(1, 1)), inputChannels: 6, outputChannels: 9, groups: 3, batch: 1,
      input: Extent(4, 5)),
    Convolution(
      window: Window(
        kernel: Extent(2, 3), strides: Extent(1, 3), dilations: Extent(2, 2),
        padding: Padding(top: 2, left: 0, bottom: 1, right: 2)), inputChannels: 8, outputChannels: 8,
      groups: 4, batch: 3, input: Extent(7, 10)),
    // Several pieces of the depth, and several parts of the pixels.
    Convolution(
      window: Window(kernel: Extent(3, 3), padding: Padding(1)), inputChannels: 62, outputChannels: 33,
      batch: 1, input: Extent(15, 21)),
    // More channels than a task sums at a time, few pixels.
    Convolution(
      window: Window(kernel: Extent(1, 1)), inputChannels: 300, outputChannels: 700, batch: 1,
      input: Extent(3, 3)),
    Convolution(
      window: Window(kernel: Extent(3, 3), strides: Extent(2, 2), padding: Padding(1)), inputChannels: 40,
      outputChannels: 40, groups: 40, batch: 2, input: Extent(13, 40)),
  ]

  @Test(arguments: geometries.indices, [1, 3])
  func agrees(index: Int, threads: Int) {
    let geometry = Self.geometries[index]
    let expected = run(ReferenceKernels<Double>(), geometry, threads: threads)
    let largest = expected.map(abs).max() ?? 0
    for variant in Self.variants {
      let found = run(variant, geometry, threads: threads)
      #expect(distance(found, expected) <= Self.tolerance * largest, "\(variant.name)")
      #expect(found == run(variant, geometry, threads: 2), "\(variant.name)")
      // Weights that are no float32 numbers are packed in another way.
      let fine = run(variant, geometry, threads: threads, factor: 1 / 3.0)
      let expected = run(ReferenceKernels<Double>(), geometry, threads: threads, factor: 1 / 3.0)
      #expect(distance(fine, expected) <= Self.tolerance * largest, "\(variant.name)")
    }
  }

  @Test(arguments: [(1, 1000, 512), (7, 5, 3), (13, 40, 300), (50, 17, 64)], [false, true])
  func matrixProducts(size: (rows: Int, columns: Int, depth: Int), transposes: Bool) {
    let geometry = MatrixProduct(
      rows: size.rows, columns: size.columns, depth: size.depth, transposesA: transposes,
      transposesB: !transposes, alpha: 0.5, beta: 2)
    let a = (0..<size.rows * size.depth).map { Noise(seed: 13)[$0] }
    let b = (0..<size.columns * size.depth).map { Noise(seed: 14)[$0] }
    let c = (0..<size.columns).map { Noise(seed: 15)[$0] }
    func run(_ kernels: any KernelSet<Double>, _ pool: ThreadPool) -> [Double] {
      let product = unsafe kernels.matrixProduct(geometry, b: b)
      let workspace = Images<Double>([1, 1, 1, product.workspaceCount(threads: pool.count)])
      var result = [Double](repeating: .nan, count: size.rows * size.columns)
      unsafe c.withUnsafeBufferPointer { c in
        unsafe product.run(
          a: a, c: (c.baseAddress!, 0, 1), into: &result, workspace: workspace.map.elements, threads: pool)
      }
      return result
    }
    let expected = run(ReferenceKernels<Double>(), pools[0])
    let largest = expected.map(abs).max() ?? 0
    for variant in Self.variants {
      let found = run(variant, pools[0])
      #expect(distance(found, expected) <= Self.tolerance * largest, "\(variant.name)")
      #expect(found == run(variant, pools[1]), "\(variant.name)")
    }
  }

  @Test(arguments: [(2, 2, 0), (4, 4, 0), (7, 7, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0)])
  func windows(kernel: Int, stride: Int, padding: Int) {
    let window = Window(
      kernel: Extent(kernel, kernel), strides: Extent(stride, stride), padding: Padding(padding))
    let shape = [2, 5, 29, 31]
    let size = window.output(for: Extent(29, 31))
    let output = [2, 5, size.height, size.width]
    unsafe compare(shape, output) { unsafe $0.maxPool(window, $1, into: $2, threads: $3) }
    for countsPadding in [false, true] {
      unsafe compare(shape, output) {
        unsafe $0.averagePool(window, countsPadding: countsPadding, $1, into: $2, threads: $3)
      }
    }
    unsafe compare(shape, [2, 5, 1, 1]) { unsafe $0.globalAveragePool($1, into: $2, threads: $3) }
    for mode in [Resampling.Mode.nearest(.floor), .linear] {
      let resampling = Resampling(mode, .halfPixel, input: Extent(29, 31), output: Extent(40, 17))
      unsafe compare(shape, [2, 5, 40, 17]) { unsafe $0.resize(resampling, $1, into: $2, threads: $3) }
    }
  }

  @Test func elements() {
    let shape = [2, 3, 70, 130]
    let scale = (0..<3).map { Noise(seed: 8)[$0] }
    let shift = (0..<3).map { Noise(seed: 9)[$0] }
    for appliesReLU in [false, true] {
      unsafe compare(shape, shape) {
        unsafe $0.scaleAndShift(
          $1, scale: scale, shift: shift, appliesReLU: appliesReLU, into: $2, threads: $3)
      }
    }
    for function in [UnaryFunction.relu, .sigmoid, .hardSwish] {
      unsafe compare(shape, shape) { unsafe $0.apply(function, $1, into: $2, threads: $3) }
    }
  }

  @Test(arguments: [
    ([2, 3, 60, 500], [2, 3, 60, 500]), ([2, 64, 7, 7], [2, 64, 1, 1]), ([2, 64, 1, 1], [2, 64, 7, 7]),
    ([2, 5, 40], [40]), ([3, 1, 33], [2, 1, 17, 1]), ([1], [4, 100]),
  ])
  func combinations(left: [Int], right: [Int]) throws {
    let broadcasting = try #require(Broadcasting(left: left, right: right))
    let a = (0..<left.reduce(1, *)).map { $0 == 5 ? .nan : Noise(seed: 11)[$0] }
    let b = (0..<right.reduce(1, *)).map { Noise(seed: 12)[$0] }
    let count = broadcasting.runCount * broadcasting.runLength
    for function in [BinaryFunction.add, .multiply, .divide] {
      for appliesReLU in [false, true] {
        func run(_ kernels: any KernelSet<Double>, _ pool: ThreadPool) -> [UInt64] {
          var result = [Double](repeating: .nan, count: count)
          unsafe kernels.combine(
            function, a, b, broadcasting, appliesReLU: appliesReLU, into: &result, threads: pool)
          // -0 and 0 are one number, and so are all kinds of NaN.
          return result.map { $0.isNaN ? UInt64.max : ($0 + 0).bitPattern }
        }
        let expected = run(ReferenceKernels<Double>(), pools[0])
        for variant in Self.variants {
          // One operation, rounded once, on both sides.
          #expect((run(variant, pools[1]) == expected) as Bool, "\(variant.name) \(function)")
        }
      }
    }
  }

  private func compare(
    _ input: [Int], _ output: [Int],
    _ run: (any KernelSet<Double>, FeatureMap<Double>, FeatureMap<Double>, ThreadPool) -> Void
  ) {
    let source = Images<Double>(input, gap: 6) { 4 * Noise(seed: 5)[$0] }
    func result(_ kernels: any KernelSet<Double>, _ pool: ThreadPool) -> [Double] {
      let target = Images<Double>(output, gap: 2)
      unsafe run(kernels, source.map, target.map, pool)
      #expect(target.gapsAreUntouched)
      return target.values
    }
    let expected = result(ReferenceKernels<Double>(), pools[0])
    for variant in Self.variants {
      #expect(distance(result(variant, pools[1]), expected) <= 4 * Self.tolerance, "\(variant.name)")
    }
  }

  private func run(
    _ kernels: any KernelSet<Double>, _ geometry: Convolution, threads: Int, factor: Double = 1
  )
    -> [Double]
  {
    func numbers(_ count: Int, _ seed: Int) -> [Double] {
      (0..<count).map { Double(($0 &* 7919 &+ seed &* 104_729) % 2003) / 1001 - 1 }
    }
    let weights = numbers(geometry.weightCount, 1).map { Double(Float($0)) * factor }
    let bias = numbers(geometry.outputChannels, 2)
    var input = numbers(geometry.batch * geometry.inputChannels * geometry.input.area, 3)
    let count = geometry.batch * geometry.outputChannels * geometry.output.area
    var residual = numbers(count, 4)
    var output = [Double](repeating: 0, count: count)
    let pool = ThreadPool(count: threads)
    unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe residual.withUnsafeMutableBufferPointer { residual in
        unsafe output.withUnsafeMutableBufferPointer { output in
          let prepared = unsafe weights.withUnsafeBufferPointer { weights in
            unsafe bias.withUnsafeBufferPointer { bias in
              unsafe kernels.convolution(
                geometry, weights: weights.baseAddress!, bias: bias.baseAddress!)
            }
          }
          let workspace = UnsafeMutablePointer<Double>.allocate(
            capacity: max(prepared.workspaceCount(threads: pool.count), 1))
          unsafe prepared.run(
            FeatureMap(
              input.baseAddress!, batch: geometry.batch, channels: geometry.inputChannels,
              extent: geometry.input),
            into: FeatureMap(
              output.baseAddress!, batch: geometry.batch, channels: geometry.outputChannels,
              extent: geometry.output),
            residual: FeatureMap(
              residual.baseAddress!, batch: geometry.batch, channels: geometry.outputChannels,
              extent: geometry.output), appliesReLU: true, workspace: workspace, threads: pool)
          unsafe workspace.deallocate()
        }
      }
    }
    return output
  }
}
