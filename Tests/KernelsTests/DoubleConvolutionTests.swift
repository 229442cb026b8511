import Kernels
import Testing

/// The fast convolution in Double against the loops that are obviously right.
@Suite struct DoubleConvolutionTests {
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
  ]

  @Test(arguments: geometries.indices, [1, 3])
  func agrees(index: Int, threads: Int) {
    let geometry = Self.geometries[index]
    let expected = run(ReferenceKernels<Double>(), geometry, threads: threads)
    let found = run(DoubleKernels(), geometry, threads: threads)
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-14 * largest })
    #expect(found == run(DoubleKernels(), geometry, threads: 2))
  }

  private func run(_ kernels: any KernelSet<Double>, _ geometry: Convolution, threads: Int) -> [Double] {
    func numbers(_ count: Int, _ seed: Int) -> [Double] {
      (0..<count).map { Double(($0 &* 7919 &+ seed &* 104_729) % 2003) / 1001 - 1 }
    }
    let weights = numbers(geometry.weightCount, 1)
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
