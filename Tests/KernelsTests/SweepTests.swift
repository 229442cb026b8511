import Kernels
import Testing

/// Seeded shapes, 500 for each operator, on every fast kernel set against the naive kernels.
@Suite struct SweepTests {
  private static let parts = 0..<10
  private static let shapesInPart = 50

  /// Small numbers that depend on the shape's index alone.
  private struct Dice {
    private let noise: Noise
    private var next = 0

    init(_ operation: UInt64, part: Int, index: Int) {
      noise = Noise(seed: operation &* 1_000_003 &+ UInt64(part * SweepTests.shapesInPart + index))
    }

    mutating func roll(_ range: ClosedRange<Int>) -> Int {
      next += 1
      return range.lowerBound + Int((noise[next] + 1) / 2 * Double(range.count)) % range.count
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[roll(0...elements.count - 1)] }
  }

  private static func window(_ dice: inout Dice, _ height: Int, _ width: Int, dilates: Bool = true) -> Window
  {
    let kernel = dice.pick([
      Extent(1, 1), Extent(3, 3), Extent(3, 3), Extent(2, 2), Extent(5, 5), Extent(1, 7), Extent(4, 3),
    ])
    let dilation = dilates ? dice.pick([1, 1, 1, 2, 3]) : 1
    func padding(_ size: Int) -> Int { dice.roll(0...max(0, min(size - 1, 3))) }
    var window = Window(
      kernel: kernel, strides: Extent(dice.pick([1, 1, 2, 3]), dice.pick([1, 1, 2, 3, 4])),
      dilations: Extent(dilation, dilation),
      padding: Padding(
        top: padding(kernel.height), left: padding(kernel.width), bottom: padding(kernel.height),
        right: padding(kernel.width)))
    if window.output(for: Extent(height, width)).area == 0 {
      window = Window(kernel: Extent(1, 1))
    } else if dice.roll(0...2) == 0 {
      // What most networks have.
      window = Window(kernel: Extent(3, 3), padding: Padding(1))
    }
    return window
  }

  /// Channels in blocks with gaps, as a concatenation has them.
  private static func gapped(_ channels: Int, lanes: Int, _ dice: inout Dice) -> ChannelBlocks {
    var counts: [Int] = []
    var rest = channels
    while rest > 0 {
      let part = min(rest, dice.pick([lanes, lanes, 1, lanes - 1, (lanes + 1) / 2]))
      counts.append(part)
      rest -= part
    }
    return ChannelBlocks(lanes: lanes, counts: counts)
  }

  /// A copy in blocks.
  private func blocked(
    _ planes: FeatureMap<Float>, _ blocks: ChannelBlocks, _ kernels: any BlockedKernelSet<Float>
  ) -> Images<Float> {
    let copy = unsafe Images<Float>(
      [planes.batch, blocks.paddedChannels, planes.extent.height, planes.extent.width], gap: 32,
      lanes: blocks.lanes)
    unsafe kernels.reorder(planes, nil, into: copy.map, blocks, threads: pools[0])
    return copy
  }

  @Test(arguments: parts, [false, true])
  func convolutions(part: Int, isGrouped: Bool) throws {
    for index in 0..<Self.shapesInPart {
      var dice = Dice(isGrouped ? 2 : 1, part: part, index: index)
      let groups = isGrouped ? dice.pick([2, 3, 4, 8, 32, 40]) : 1
      // As many outputs as inputs in each group: depthwise, or as in ResNeXt.
      let width = isGrouped && dice.roll(0...1) == 0 ? dice.pick([1, 1, 2, 4, 8]) : nil
      let size = Extent(dice.roll(1...18), dice.roll(1...33))
      let inputs =
        groups * (width ?? dice.pick(isGrouped ? [1, 2, 4, 5] : [1, 3, 4, 9, 16, 33, 48, 62]))
      let outputs =
        groups * (width ?? dice.pick(isGrouped ? [1, 2, 4, 7] : [1, 5, 12, 16, 32, 37, 70]))
      let geometry = Convolution(
        window: Self.window(&dice, size.height, size.width), inputChannels: inputs, outputChannels: outputs,
        groups: groups, batch: dice.roll(1...3), input: size)
      let weights = (0..<geometry.weightCount).map { Float(Noise(seed: 7)[$0]) }
      let bias = (0..<outputs).map { Float(Noise(seed: 8)[$0]) }
      let input = Images<Float>([geometry.batch, inputs, size.height, size.width]) {
        Float(Noise(seed: 9)[$0])
      }
      let shape = [geometry.batch, outputs, geometry.output.height, geometry.output.width]
      let residual = Images<Float>(shape) { Float(Noise(seed: 10)[$0]) }
      let output = Images<Float>(shape)
      let function: UnaryFunction? = dice.pick([nil, .relu, .hardSwish])
      let reference = ReferenceKernels<Float>()
      unsafe reference.convolve(
        geometry, input.map, weights: weights, bias: bias, residual: residual.map, into: output.map,
        threads: pools[0])
      if let function { unsafe reference.apply(function, output.map, into: output.map, threads: pools[0]) }
      let expected = output.values
      for kernels in InstructionSet.allCases.compactMap(\.kernels) {
        let order =
          isGrouped
          ? ChannelBlocks(channels: inputs, lanes: kernels.lanes)
          : Self.gapped(inputs, lanes: kernels.lanes, &dice)
        let readsPlanes = kernels.readsPlanes(geometry) && dice.roll(0...1) == 0
        let source = unsafe readsPlanes ? input : blocked(input.map, order, kernels)
        let result = ChannelBlocks(channels: outputs, lanes: kernels.lanes)
        let added = unsafe blocked(residual.map, result, kernels)
        let prepared = unsafe kernels.blockedConvolution(
          geometry, weights: weights, bias: bias, input: readsPlanes ? nil : order)
        var last: [Double] = []
        for pool in pools {
          let workspace = Images<Float>([1, 1, 1, prepared.workspaceCount(threads: pool.count)])
          let target = Images<Float>(
            [shape[0], result.paddedChannels, shape[2], shape[3]], gap: 16, lanes: kernels.lanes)
          unsafe prepared.run(
            source.map, into: target.map, residual: added.map, function: function.map { .unary($0) },
            workspace: workspace.map.elements, threads: pool)
          #expect(target.gapsAreUntouched)
          let planes = Images<Float>(shape)
          unsafe kernels.reorder(target.map, result, into: planes.map, nil, threads: pool)
          // A function's slope is at most 1.5, and Winograd adds some numbers before it multiplies.
          let tolerance = 4 * Tolerance.sum(geometry.depth)
          #expect(distance(planes.values, expected) <= tolerance, "\(kernels.name) \(geometry)")
          #expect(last.isEmpty || last == planes.values, "\(kernels.name): the threads change \(geometry)")
          last = planes.values
        }
      }
    }
  }

  @Test(arguments: parts)
  func windows(part: Int) {
    for index in 0..<Self.shapesInPart {
      var dice = Dice(3, part: part, index: index)
      let size = Extent(dice.roll(1...20), dice.roll(1...40))
      var window = Self.window(&dice, size.height, size.width)
      // A window that holds nothing but padding has no largest element.
      window.padding = Padding(
        top: min(window.padding.top, window.kernel.height / 2),
        left: min(window.padding.left, window.kernel.width / 2),
        bottom: 0, right: 0)
      if window.dilations.width > 1 { window.padding = Padding() }
      let result = window.output(for: size)
      guard result.area > 0 else { continue }
      let shape = [dice.roll(1...3), dice.roll(1...40), size.height, size.width]
      let output = [shape[0], shape[1], result.height, result.width]
      unsafe compare(shape, output, 0) { unsafe $0.maxPool(window, $1, into: $2, threads: $3) }
      let counts = dice.roll(0...1) == 0
      unsafe compare(shape, output, Tolerance.sum(window.kernel.area)) {
        unsafe $0.averagePool(window, countsPadding: counts, $1, into: $2, threads: $3)
      }
      unsafe compare(shape, [shape[0], shape[1], 1, 1], Tolerance.sum(size.area)) {
        unsafe $0.globalAveragePool($1, into: $2, threads: $3)
      }
      let target = Extent(dice.roll(1...30), dice.roll(1...30))
      let resampling = Resampling(
        dice.pick([.nearest(.floor), .linear]), dice.pick([.halfPixel, .asymmetric, .alignCorners]),
        input: size,
        output: target)
      unsafe compare(shape, [shape[0], shape[1], target.height, target.width], 8 * Tolerance.elementwise) {
        unsafe $0.resize(resampling, $1, into: $2, threads: $3)
      }
    }
  }

  @Test(arguments: parts)
  func elements(part: Int) throws {
    for index in 0..<Self.shapesInPart {
      var dice = Dice(4, part: part, index: index)
      let shape = [dice.roll(1...3), dice.roll(1...40), dice.roll(1...20), dice.roll(1...40)]
      let scale = (0..<shape[1]).map { Float(Noise(seed: 1)[$0]) }
      let shift = (0..<shape[1]).map { Float(Noise(seed: 2)[$0]) }
      unsafe compare(shape, shape, 4 * Tolerance.elementwise) {
        let blocks = $0.blocked.map { ChannelBlocks(channels: shape[1], lanes: $0.lanes) }
        let (scale, shift) =
          unsafe $1.lanes > 1
          ? (blocks?.spread(scale, empty: 1) ?? scale, blocks?.spread(shift, empty: 0) ?? shift)
          : (scale, shift)
        unsafe $0.scaleAndShift($1, scale: scale, shift: shift, appliesReLU: true, into: $2, threads: $3)
      }
      for function in [
        UnaryFunction.relu, .sigmoid, .clip(minimum: -0.5, maximum: 0.25), .leakyReLU(alpha: 0.1),
        .hardSigmoid(alpha: 0.3, beta: 0.4), .hardSwish, .hyperbolicTangent, .exponential,
      ] {
        unsafe compare(shape, shape, 8 * Tolerance.elementwise) {
          unsafe $0.apply(function, $1, into: $2, threads: $3)
        }
      }
    }
  }

  @Test(arguments: parts)
  func matrixProducts(part: Int) {
    for index in 0..<Self.shapesInPart {
      var dice = Dice(5, part: part, index: index)
      let geometry = MatrixProduct(
        rows: dice.roll(1...70), columns: dice.roll(1...70), depth: dice.roll(1...90),
        transposesA: dice.roll(0...1) == 0, transposesB: dice.roll(0...1) == 0, alpha: 0.5, beta: 2)
      let a = (0..<geometry.rows * geometry.depth).map { Float(Noise(seed: 13)[$0]) }
      let b = (0..<geometry.columns * geometry.depth).map { Float(Noise(seed: 14)[$0]) }
      let c = Images<Float>([1, 1, 1, geometry.columns]) { Float(Noise(seed: 15)[$0]) }
      func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Double] {
        let product = unsafe kernels.matrixProduct(geometry, b: b)
        let workspace = Images<Float>([1, 1, 1, product.workspaceCount(threads: pool.count)])
        var result = [Float](repeating: .nan, count: geometry.rows * geometry.columns)
        unsafe product.run(
          a: a, c: (UnsafePointer(c.map.elements), 0, 1), into: &result, workspace: workspace.map.elements,
          threads: pool)
        return result.map(Double.init)
      }
      let expected = run(ReferenceKernels<Float>(), pools[0])
      for variant in fastVariants {
        let result = run(variant, pools[0])
        #expect(distance(result, expected) <= Tolerance.sum(geometry.depth), "\(variant.name) \(geometry)")
        #expect(result == run(variant, pools[1]), "\(variant.name) \(geometry)")
      }
    }
  }

  /// Runs an operator on planes with the naive kernels, and on blocks with all others.
  private func compare(
    _ shape: [Int], _ output: [Int], _ tolerance: Double,
    _ run: (any KernelSet<Float>, FeatureMap<Float>, FeatureMap<Float>, ThreadPool) -> Void
  ) {
    let input = Images<Float>(shape) { Float(2 * Noise(seed: 5)[$0]) }
    let planes = Images<Float>(output)
    unsafe run(ReferenceKernels<Float>(), input.map, planes.map, pools[0])
    let expected = planes.values
    for kernels in InstructionSet.allCases.compactMap(\.kernels) {
      let blocks = ChannelBlocks(channels: shape[1], lanes: kernels.lanes)
      let source = unsafe blocked(input.map, blocks, kernels)
      var last: [Double] = []
      for pool in pools {
        let target = Images<Float>(
          [output[0], blocks.paddedChannels, output[2], output[3]], gap: 16, lanes: kernels.lanes)
        unsafe run(kernels, source.map, target.map, pool)
        #expect(target.gapsAreUntouched)
        unsafe kernels.reorder(target.map, blocks, into: planes.map, nil, threads: pool)
        #expect(distance(planes.values, expected) <= tolerance, "\(kernels.name) \(shape) to \(output)")
        #expect(last.isEmpty || last == planes.values, "\(kernels.name): the threads change \(shape)")
        last = planes.values
      }
    }
  }
}
