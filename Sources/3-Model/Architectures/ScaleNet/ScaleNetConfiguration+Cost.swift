package import FileIO

extension ScaleNetConfiguration {
  /// The multiply-accumulates of one block's convolutions.
  struct BlockCost {
    /// Those that stay whatever the scales are: the first convolution and the shortcut's.
    let fixed: Int
    /// Those of one channel of each scale, in the third convolution as well; by position in `Structure.pools`.
    let perChannel: [Int]
    /// Those of a single 3x3 convolution of as many channels as the first convolution gives, in place of the scales.
    let residual: Int
  }

  /// The multiply-accumulates of convolutions and final layer, as fvcore counts them, for one image of this size.
  package func macs(inputSize: InputSize = .standard) throws(ScaleNetError) -> Int {
    let (stem, costs) = try costs(inputSize: inputSize)
    return zip(blocks, costs).reduce(stem) { sum, pair in
      pair.0.scales.reduce(sum + pair.1.fixed) { $0 + $1.channels * pair.1.perChannel[$1.index] }
    }
  }

  /// The multiply-accumulates of stem and final layer, and those of every block.
  func costs(inputSize: InputSize) throws(ScaleNetError) -> (outside: Int, blocks: [BlockCost]) {
    try check(inputSize)
    try checkWidths()
    var (height, width) = ((inputSize.height - 1) / 2 + 1, (inputSize.width - 1) / 2 + 1)
    let stem = stemChannels * imageChannels * 49 * height * width
    (height, width) = ((height - 1) / 2 + 1, (width - 1) / 2 + 1)
    var costs: [BlockCost] = []
    for block in blocks {
      (height, width) = (height / block.stride, width / block.stride)
      let area = height * width
      let shortcut = block.hasDownsample ? block.outputChannels * block.inputChannels : 0
      let fixed = (block.planes * block.inputChannels + shortcut) * area
      var perChannel = [Int](repeating: 0, count: Structure.pools.count)
      for scale in block.scales {
        let pooled = (height / scale.pool) * (width / scale.pool)
        perChannel[scale.index] =
          block.planes * scale.kernel * scale.kernel * pooled + block.outputChannels * area
      }
      let residual = fixed + (9 * block.planes + block.outputChannels) * block.planes * area
      costs.append(BlockCost(fixed: fixed, perChannel: perChannel, residual: residual))
    }
    return (stem + featureChannels * (classes ?? 0), costs)
  }

  /// Fails if a network is so wide or deep that its operations cannot be counted.
  private func checkWidths() throws(ScaleNetError) {
    // With these and feature maps of at most 4096 x 4096, a sum over all blocks stays below 2^63.
    let (mostChannels, mostBlocks) = (1 << 12, 1 << 9)
    func check(_ place: String, _ found: Int, _ most: Int) throws(ScaleNetError) {
      if found > most { throw .limitExceeded(place: place, most: most, found: found) }
    }
    try check("blocks", blocks.count, mostBlocks)
    try check("conv1: channels", max(stemChannels, imageChannels), mostChannels)
    try check("fc: classes", classes ?? 0, 1 << 30)
    for block in blocks {
      let widths = [block.inputChannels, block.planes, block.outputChannels] + block.scales.map(\.channels)
      try check("\(block.name): channels", widths.max() ?? 0, mostChannels)
    }
  }
}
