// Safe: buffers for blocks are made for the sizes of the images that are brought into them, and live as long as the
// run.

/// A convolution of NCHW images by blocks: both ends are reordered in each run.
@safe final class ReorderingConvolution: PreparedConvolution, Sendable {
  private let kernels: TableKernels
  private let convolution: any BlockedConvolution<Float>
  private let input: ChannelBlocks?
  private let output: ChannelBlocks
  private let inputCount: Int
  private let outputCount: Int

  init(
    _ kernels: TableKernels, _ geometry: Convolution, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?
  ) {
    self.kernels = kernels
    input =
      kernels.readsPlanes(geometry)
      ? nil : ChannelBlocks(channels: geometry.inputChannels, lanes: kernels.lanes)
    output = ChannelBlocks(channels: geometry.outputChannels, lanes: kernels.lanes)
    convolution = unsafe kernels.blockedConvolution(geometry, weights: weights, bias: bias, input: input)
    inputCount = Self.aligned(geometry.batch * (input?.paddedChannels ?? 0) * geometry.input.area)
    outputCount = Self.aligned(geometry.batch * output.paddedChannels * geometry.output.area)
  }

  private static func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  func workspaceCount(threads: Int) -> Int {
    inputCount + 2 * outputCount + convolution.workspaceCount(threads: threads)
  }

  func run(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, residual: FeatureMap<Float>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    func blocked(_ map: FeatureMap<Float>, _ blocks: ChannelBlocks, _ start: Int) -> FeatureMap<Float> {
      unsafe FeatureMap(
        workspace + start, batch: map.batch, channels: blocks.paddedChannels, extent: map.extent,
        lanes: blocks.lanes)
    }
    var source = unsafe input
    if let blocks = self.input {
      unsafe source = unsafe blocked(input, blocks, 0)
      unsafe kernels.reorder(input, nil, into: source, blocks, threads: threads)
    }
    let target = unsafe blocked(output, self.output, inputCount)
    var added: FeatureMap<Float>?
    if let residual = unsafe residual {
      let copy = unsafe blocked(output, self.output, inputCount + outputCount)
      unsafe kernels.reorder(residual, nil, into: copy, self.output, threads: threads)
      unsafe added = unsafe copy
    }
    unsafe convolution.run(
      source, into: target, residual: added, function: appliesReLU ? .unary(.relu) : nil,
      workspace: workspace + (inputCount + 2 * outputCount), threads: threads)
    unsafe kernels.reorder(target, self.output, into: output, nil, threads: threads)
  }
}
