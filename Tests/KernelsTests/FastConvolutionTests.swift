import Kernels
import Testing

/// The fast convolution against the naive one, on all that ScaleNet and its kin use and on what is awkward.
@Suite struct FastConvolutionTests {
  struct Example: CustomTestStringConvertible {
    var inputs: Int
    var outputs: Int
    var kernel: Int
    var size: Extent
    var stride = 1
    var padding = Padding()
    var dilation = 1
    var groups = 1
    var batch = 1

    var geometry: Convolution {
      Convolution(
        window: Window(
          kernel: Extent(kernel, kernel), strides: Extent(stride, stride),
          dilations: Extent(dilation, dilation), padding: padding),
        inputChannels: inputs, outputChannels: outputs, groups: groups, batch: batch, input: size)
    }

    var testDescription: String {
      "\(batch)x\(inputs)x\(size.height)x\(size.width) to \(outputs), kernel \(kernel), stride \(stride), "
        + "padding \(padding.top) \(padding.left) \(padding.bottom) \(padding.right), dilation \(dilation), "
        + "groups \(groups)"
    }
  }

  static let examples: [Example] = [
    // The stem, at a smaller size.
    Example(inputs: 3, outputs: 16, kernel: 7, size: Extent(29, 31), stride: 2, padding: Padding(3)),
    // Pointwise: whole panels, a last panel of one vector, less than a vector, one pixel.
    Example(inputs: 16, outputs: 9, kernel: 1, size: Extent(8, 8)),
    Example(inputs: 7, outputs: 13, kernel: 1, size: Extent(14, 14)),
    Example(inputs: 300, outputs: 40, kernel: 1, size: Extent(7, 7)),
    Example(inputs: 40, outputs: 70, kernel: 1, size: Extent(3, 3)),
    Example(inputs: 500, outputs: 33, kernel: 1, size: Extent(1, 1)),
    Example(inputs: 5, outputs: 1, kernel: 1, size: Extent(2, 1)),
    // 3 x 3, over all the sizes of feature maps.
    Example(inputs: 8, outputs: 17, kernel: 3, size: Extent(28, 28), padding: Padding(1)),
    Example(inputs: 11, outputs: 19, kernel: 3, size: Extent(14, 14), padding: Padding(1)),
    Example(inputs: 60, outputs: 37, kernel: 3, size: Extent(7, 7), padding: Padding(1)),
    Example(inputs: 20, outputs: 48, kernel: 3, size: Extent(3, 3), padding: Padding(1)),
    Example(inputs: 9, outputs: 5, kernel: 3, size: Extent(1, 1), padding: Padding(1)),
    Example(inputs: 4, outputs: 6, kernel: 3, size: Extent(9, 37)),
    // Batches, whose panels span images.
    Example(inputs: 12, outputs: 20, kernel: 1, size: Extent(7, 7), batch: 4),
    Example(inputs: 6, outputs: 10, kernel: 3, size: Extent(7, 5), padding: Padding(1), batch: 2),
    Example(inputs: 24, outputs: 33, kernel: 3, size: Extent(3, 3), padding: Padding(1), batch: 4),
    Example(inputs: 24, outputs: 64, kernel: 1, size: Extent(1, 1), batch: 3),
    // Every channel a group, once and twice.
    Example(inputs: 5, outputs: 5, kernel: 3, size: Extent(7, 7), padding: Padding(1), groups: 5, batch: 2),
    Example(inputs: 3, outputs: 3, kernel: 3, size: Extent(40, 35), padding: Padding(1), groups: 3),
    Example(
      inputs: 4, outputs: 4, kernel: 5, size: Extent(15, 14), stride: 2, padding: Padding(2), groups: 4),
    Example(inputs: 4, outputs: 8, kernel: 3, size: Extent(9, 20), groups: 4),
    Example(inputs: 2, outputs: 2, kernel: 1, size: Extent(5, 6), groups: 2),
    Example(
      inputs: 2, outputs: 2, kernel: 3, size: Extent(11, 33), padding: Padding(2), dilation: 2, groups: 2),
    Example(
      inputs: 6, outputs: 6, kernel: 7, size: Extent(1, 1), padding: Padding(3), groups: 6),
    // Strides, padding and dilation of other networks.
    Example(
      inputs: 8, outputs: 12, kernel: 3, size: Extent(15, 14), stride: 2, padding: Padding(1), batch: 2),
    Example(inputs: 8, outputs: 12, kernel: 1, size: Extent(13, 14), stride: 2),
    Example(inputs: 3, outputs: 4, kernel: 5, size: Extent(17, 16), stride: 4, padding: Padding(2)),
    Example(
      inputs: 3, outputs: 5, kernel: 3, size: Extent(10, 9), stride: 3,
      padding: Padding(top: 0, left: 2, bottom: 1, right: 0)),
    Example(
      inputs: 3, outputs: 5, kernel: 2, size: Extent(6, 6),
      padding: Padding(top: 4, left: 5, bottom: 4, right: 5)),
    Example(inputs: 4, outputs: 7, kernel: 3, size: Extent(12, 11), padding: Padding(2), dilation: 2),
    Example(inputs: 4, outputs: 7, kernel: 3, size: Extent(13, 13), stride: 2, dilation: 3),
    // Groups.
    Example(inputs: 32, outputs: 32, kernel: 3, size: Extent(10, 10), padding: Padding(1), groups: 8),
    Example(inputs: 32, outputs: 64, kernel: 3, size: Extent(4, 4), padding: Padding(1), groups: 2, batch: 2),
    Example(inputs: 10, outputs: 10, kernel: 3, size: Extent(9, 9), padding: Padding(1), groups: 10),
    // More rows than a task takes.
    Example(inputs: 3, outputs: 1100, kernel: 1, size: Extent(6, 6)),
  ]

  @Test(arguments: examples)
  func agreesWithReference(_ example: Example) {
    let geometry = example.geometry
    let noise = Noise(seed: 1)
    let weights = (0..<geometry.weightCount).map { Float(noise[$0]) }
    let bias = (0..<geometry.outputChannels).map { Float(Noise(seed: 4)[$0]) }
    let input = Images<Float>(
      [geometry.batch, geometry.inputChannels, geometry.input.height, geometry.input.width], gap: 7
    ) { Float(Noise(seed: 2)[$0]) }
    let shape = [geometry.batch, geometry.outputChannels, geometry.output.height, geometry.output.width]
    let residual = Images<Float>(shape, gap: 2) { Float(Noise(seed: 3)[$0]) }
    for isFused in [false, true] {
      func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Double] {
        let output = Images<Float>(shape, gap: 3)
        unsafe kernels.convolve(
          geometry, input.map, weights: weights, bias: isFused ? bias : nil,
          residual: isFused ? residual.map : nil, appliesReLU: isFused, into: output.map, threads: pool)
        #expect(output.gapsAreUntouched)
        return output.values
      }
      let expected = run(ReferenceKernels<Float>(), pools[0])
      for variant in fastVariants {
        let result = run(variant, pools[0])
        #expect(distance(result, expected) <= Tolerance.sum(geometry.depth), "\(variant.name)")
        #expect(
          distance(result, run(variant, pools[1])) == 0, "\(variant.name): the threads change the result")
      }
    }
  }

  @Test func residualMayBeTheOutput() {
    let geometry = Example(inputs: 4, outputs: 6, kernel: 1, size: Extent(7, 7)).geometry
    let weights = (0..<geometry.weightCount).map { Float(Noise(seed: 1)[$0]) }
    let input = Images<Float>([1, 4, 7, 7]) { Float(Noise(seed: 2)[$0]) }
    for variant in fastVariants {
      let residual = Images<Float>([1, 6, 7, 7]) { Float(Noise(seed: 3)[$0]) }
      let apart = Images<Float>([1, 6, 7, 7])
      unsafe variant.convolve(
        geometry, input.map, weights: weights, bias: nil, residual: residual.map, into: apart.map,
        threads: pools[1])
      unsafe variant.convolve(
        geometry, input.map, weights: weights, bias: nil, residual: residual.map, into: residual.map,
        threads: pools[1])
      #expect(distance(apart.values, residual.values) == 0)
    }
    withExtendedLifetime(input) {}
  }
}
