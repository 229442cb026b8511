import Kernels
import Testing

/// The other fast operators against the naive ones.
@Suite struct FastOperatorTests {
  /// Runs an operator with the reference and all variants, on one and several threads, and compares.
  private func compare(
    _ input: [Int], _ output: [Int], tolerance: Double = Tolerance.elementwise,
    _ run: (any KernelSet<Float>, FeatureMap<Float>, FeatureMap<Float>, ThreadPool) -> Void
  ) {
    let source = Images<Float>(input, gap: 6) { Float(4 * Noise(seed: 5)[$0]) }
    func result(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Double] {
      let target = Images<Float>(output, gap: 2)
      unsafe run(kernels, source.map, target.map, pool)
      #expect(target.gapsAreUntouched)
      return target.values
    }
    let expected = result(ReferenceKernels<Float>(), pools[0])
    for variant in fastVariants {
      let one = result(variant, pools[0])
      #expect(distance(one, expected) <= tolerance, "\(variant.name) \(input) to \(output)")
      #expect(distance(one, result(variant, pools[1])) == 0, "\(variant.name): the threads change the result")
    }
  }

  @Test(arguments: [
    (2, 2, 0, 56, 56), (4, 4, 0, 56, 56), (7, 7, 0, 56, 56), (2, 2, 0, 7, 7), (4, 4, 0, 14, 14),
    (7, 7, 0, 7, 7),
    (3, 2, 1, 112, 111), (3, 1, 1, 33, 40), (2, 1, 0, 5, 35), (3, 3, 1, 17, 18), (2, 2, 1, 1, 1),
  ])
  func windows(kernel: Int, stride: Int, padding: Int, height: Int, width: Int) {
    let window = Window(
      kernel: Extent(kernel, kernel), strides: Extent(stride, stride), padding: Padding(padding))
    let size = window.output(for: Extent(height, width))
    let input = [2, 3, height, width]
    let output = [2, 3, size.height, size.width]
    unsafe compare(input, output, tolerance: 0) { unsafe $0.maxPool(window, $1, into: $2, threads: $3) }
    for countsPadding in [false, true] {
      unsafe compare(input, output, tolerance: Tolerance.sum(kernel * kernel)) {
        unsafe $0.averagePool(window, countsPadding: countsPadding, $1, into: $2, threads: $3)
      }
    }
  }

  @Test func windowsThatHangOver() {
    // 5 pixels under windows of 3, 3 apart: rounded up, the second begins at pixel 3 and lacks one.
    let window = Window(kernel: Extent(3, 3), strides: Extent(3, 3))
    unsafe compare([1, 2, 5, 62], [1, 2, 2, 21], tolerance: 0) {
      unsafe $0.maxPool(window, $1, into: $2, threads: $3)
    }
    for countsPadding in [false, true] {
      unsafe compare([1, 2, 5, 62], [1, 2, 2, 21]) {
        unsafe $0.averagePool(window, countsPadding: countsPadding, $1, into: $2, threads: $3)
      }
    }
    let ones = Images<Float>([1, 1, 5, 5]) { _ in 1 }
    let output = Images<Float>([1, 1, 2, 2])
    unsafe ReferenceKernels<Float>().averagePool(
      window, countsPadding: true, ones.map, into: output.map, threads: pools[0])
    #expect(output.values == [1, 1, 1, 1])
  }

  @Test func dilatedPool() {
    let window = Window(kernel: Extent(2, 3), dilations: Extent(3, 2), padding: Padding(1))
    let size = window.output(for: Extent(11, 40))
    unsafe compare([1, 2, 11, 40], [1, 2, size.height, size.width], tolerance: 0) {
      unsafe $0.maxPool(window, $1, into: $2, threads: $3)
    }
  }

  @Test func maximumKeepsNotANumber() {
    let window = Window(kernel: Extent(2, 2), strides: Extent(2, 2))
    for kernels in fastVariants + [ReferenceKernels<Float>()] {
      for place in [0, 1, 40, 41] {
        let input = Images<Float>([1, 1, 2, 40]) { $0 == place ? .nan : Float($0 % 7) }
        let output = Images<Float>([1, 1, 1, 20]) { _ in 0 }
        unsafe kernels.maxPool(window, input.map, into: output.map, threads: pools[0])
        #expect(output.values[0].isNaN, "\(kernels.name) \(place)")
        #expect(output.values[1...].allSatisfy { !$0.isNaN })
        unsafe kernels.apply(.relu, input.map, into: input.map, threads: pools[0])
        #expect(input.values[place].isNaN)
      }
    }
  }

  @Test(arguments: [
    (3, 3, 7, 7), (3, 3, 14, 14), (28, 28, 56, 56), (8, 8, 56, 56), (14, 14, 28, 28), (1, 1, 7, 7),
    (7, 7, 14, 14),
    (5, 9, 11, 4), (40, 37, 41, 80),
  ])
  func resizes(height: Int, width: Int, outputHeight: Int, outputWidth: Int) {
    let modes: [(Resampling.Mode, Resampling.Coordinates)] = [
      (.nearest(.floor), .asymmetric), (.nearest(.roundPreferFloor), .halfPixel), (.linear, .halfPixel),
      (.linear, .alignCorners), (.linear, .asymmetric), (.linear, .pytorchHalfPixel),
    ]
    for (mode, coordinates) in modes {
      let resampling = Resampling(
        mode, coordinates, input: Extent(height, width), output: Extent(outputHeight, outputWidth))
      unsafe compare(
        [2, 3, height, width], [2, 3, outputHeight, outputWidth], tolerance: 4 * Tolerance.elementwise
      ) { unsafe $0.resize(resampling, $1, into: $2, threads: $3) }
    }
  }

  @Test(arguments: [(1, 1), (4, 4), (7, 7), (14, 15), (56, 56), (130, 140)])
  func elementwise(height: Int, width: Int) {
    let shape = [2, 3, height, width]
    let scale = (0..<3).map { Float(Noise(seed: 8)[$0]) }
    let shift = (0..<3).map { Float(Noise(seed: 9)[$0]) }
    for appliesReLU in [false, true] {
      unsafe compare(shape, shape, tolerance: 4 * Tolerance.elementwise) {
        unsafe $0.scaleAndShift(
          $1, scale: scale, shift: shift, appliesReLU: appliesReLU, into: $2, threads: $3)
      }
    }
    unsafe compare(shape, shape, tolerance: 0) { unsafe $0.apply(.relu, $1, into: $2, threads: $3) }
    unsafe compare(shape, shape) { unsafe $0.apply(.sigmoid, $1, into: $2, threads: $3) }
    unsafe compare(shape, [2, 3, 1, 1], tolerance: Tolerance.sum(height * width)) {
      unsafe $0.globalAveragePool($1, into: $2, threads: $3)
    }
  }

  @Test(arguments: [(1, 1), (3, 5), (7, 64), (50, 769), (2, 30_000)], [true, false])
  func rowNormalizations(size: (rows: Int, count: Int), subtractsMean: Bool) {
    let normalization = RowNormalization(
      rows: size.rows, count: size.count, subtractsMean: subtractsMean, epsilon: 1e-5)
    let x = (0..<size.rows * size.count).map { Float(3 * Noise(seed: 21)[$0] + 0.5) }
    let scale = (0..<size.count).map { Float(Noise(seed: 22)[$0]) }
    let shift = (0..<size.count).map { Float(Noise(seed: 23)[$0]) }
    func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool, isScaled: Bool) -> [Double] {
      var result = x
      unsafe result.withUnsafeMutableBufferPointer { result in
        let place = result.baseAddress!
        unsafe scale.withUnsafeBufferPointer { scale in
          unsafe shift.withUnsafeBufferPointer { shift in
            unsafe kernels.normalizeRows(
              normalization, place, scale: isScaled ? scale.baseAddress : nil,
              shift: isScaled ? shift.baseAddress : nil, into: place, threads: pool)
          }
        }
      }
      return result.map(Double.init)
    }
    for isScaled in [false, true] {
      let expected = run(ReferenceKernels<Float>(), pools[0], isScaled: isScaled)
      for variant in fastVariants {
        let found = run(variant, pools[0], isScaled: isScaled)
        #expect(distance(found, expected) <= 4 * Tolerance.sum(size.count), "\(variant.name) \(size)")
        #expect(found == run(variant, pools[1], isScaled: isScaled), "\(variant.name) \(size)")
      }
    }
  }

  @Test func exponentialAtTheEnds() {
    for variant in fastVariants {
      let values: [Float] = [-1000, -100, -87, -50, -1e-30, 0, 1e-30, 3, 50, 88, 100, 1000, .infinity]
      let input = Images<Float>([1, 1, 1, values.count]) { values[$0] }
      let output = Images<Float>([1, 1, 1, values.count])
      unsafe variant.apply(.sigmoid, input.map, into: output.map, threads: pools[0])
      let expected = Images<Float>([1, 1, 1, values.count])
      unsafe ReferenceKernels<Float>().apply(.sigmoid, input.map, into: expected.map, threads: pools[0])
      #expect(distance(output.values, expected.values) <= Tolerance.elementwise, "\(variant.name)")
    }
  }

  @Test(arguments: [
    ([2, 3, 60, 50], [2, 3, 60, 50]), ([2, 64, 7, 7], [2, 64, 1, 1]), ([2, 5, 40], [40]),
    ([3, 1, 33], [2, 1, 17, 1]),
    ([1], [4, 100]), ([200_000], [200_000]),
  ])
  func combinations(left: [Int], right: [Int]) throws {
    let broadcasting = try #require(Broadcasting(left: left, right: right))
    let a = (0..<left.reduce(1, *)).map { Float(Noise(seed: 11)[$0]) }
    let b = (0..<right.reduce(1, *)).map { Float(Noise(seed: 12)[$0]) }
    let count = broadcasting.runCount * broadcasting.runLength
    for (function, appliesReLU) in [(BinaryFunction.add, false), (.add, true), (.multiply, false)] {
      func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Float] {
        var result = [Float](repeating: .nan, count: count)
        unsafe kernels.combine(
          function, a, b, broadcasting, appliesReLU: appliesReLU, into: &result, threads: pool)
        return result
      }
      let expected = run(ReferenceKernels<Float>(), pools[0])
      for variant in fastVariants {
        // One operation, rounded once, on both sides.
        #expect((run(variant, pools[0]) == expected) as Bool, "\(variant.name)")
        #expect((run(variant, pools[1]) == expected) as Bool, "\(variant.name)")
      }
    }
    #expect(Broadcasting(left: [2, 3], right: [2]) == nil)
  }

  @Test(arguments: [(1, 1000, 700), (4, 10, 32), (9, 33, 5), (600, 3, 2)])
  func matrixProducts(rows: Int, columns: Int, depth: Int) {
    let a = (0..<rows * depth).map { Float(Noise(seed: 13)[$0]) }
    let b = (0..<columns * depth).map { Float(Noise(seed: 14)[$0]) }
    let c = Images<Float>([1, 1, 1, columns]) { Float(Noise(seed: 15)[$0]) }
    for transposesB in [false, true] {
      let geometry = MatrixProduct(rows: rows, columns: columns, depth: depth, transposesB: transposesB)
      func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Double] {
        let product = unsafe kernels.matrixProduct(geometry, b: b)
        let workspace = Images<Float>([1, 1, 1, product.workspaceCount(threads: pool.count)])
        var result = [Float](repeating: .nan, count: rows * columns)
        unsafe product.run(
          a: a, c: (UnsafePointer(c.map.elements), 0, 1), into: &result, workspace: workspace.map.elements,
          threads: pool)
        return result.map(Double.init)
      }
      let expected = run(ReferenceKernels<Float>(), pools[0])
      for variant in fastVariants {
        let result = run(variant, pools[0])
        #expect(distance(result, expected) <= Tolerance.sum(depth), "\(variant.name)")
        #expect(distance(result, run(variant, pools[1])) == 0, "\(variant.name)")
      }
    }
  }

  @Test func softmaxOfLargeNumbers() {
    let input: [Float] = [1000, 999, -1000, 998] + (0..<33).map { Float(900 + $0) }
    for variant in fastVariants {
      var result = [Float](repeating: .nan, count: input.count)
      var expected = result
      unsafe variant.softmax(input, outer: 1, count: input.count, inner: 1, into: &result, threads: pools[0])
      unsafe ReferenceKernels<Float>().softmax(
        input, outer: 1, count: input.count, inner: 1, into: &expected, threads: pools[0])
      #expect(distance(result.map(Double.init), expected.map(Double.init)) <= Tolerance.elementwise)
    }
  }
}
