import Glibc
public import ModelIR

extension ScaleNetConfiguration {
  /// Fresh weights in the published order, by the published initialisation: convolutions normal with standard
  /// deviation sqrt(2 / (k * k * out)), BatchNorm 1 and 0, and `fc` uniform within 1 / sqrt(in) as PyTorch's Linear.
  ///
  /// The same seed gives the same weights.
  public func initialWeights(seed: UInt64) -> StateDict {
    var random = RandomSource(seed: seed)
    var weights = StateDict()

    func addConvolution(_ name: String, _ filters: Int, _ channels: Int, _ kernel: Int) {
      let deviation = (2.0 / Double(kernel * kernel * filters)).squareRoot()
      let shape = TensorShape([filters, channels, kernel, kernel])
      weights.append(
        "\(name).weight", Tensor(random.normals(shape.elementCount, deviation: deviation), shape: shape))
    }
    func addNormalization(_ name: String, _ channels: Int) {
      let shape = TensorShape([channels])
      let ones = Tensor([Float](repeating: 1, count: channels), shape: shape)
      let zeros = Tensor([Float](repeating: 0, count: channels), shape: shape)
      weights.append("\(name).weight", ones)
      weights.append("\(name).bias", zeros)
      weights.append("\(name).running_mean", zeros)
      weights.append("\(name).running_var", ones)
      weights.append("\(name).num_batches_tracked", Tensor([Int64(0)], shape: []))
    }

    addConvolution("conv1", stemChannels, imageChannels, 7)
    addNormalization("bn1", stemChannels)
    for block in blocks {
      if block.hasDownsample {
        addConvolution("\(block.name).downsample.0", block.outputChannels, block.inputChannels, 1)
        addNormalization("\(block.name).downsample.1", block.outputChannels)
      }
      addConvolution("\(block.name).conv1", block.planes, block.inputChannels, 1)
      addNormalization("\(block.name).bn1", block.planes)
      for scale in block.scales {
        addConvolution("\(block.name).conv2.\(scale.index)", scale.channels, block.planes, scale.kernel)
      }
      for scale in block.scales { addNormalization("\(block.name).bn2.\(scale.index)", scale.channels) }
      addConvolution("\(block.name).conv3", block.outputChannels, block.aggregatedChannels, 1)
      addNormalization("\(block.name).bn3", block.outputChannels)
    }
    if let classes {
      let bound = 1 / Double(featureChannels).squareRoot()
      let shape = TensorShape([classes, featureChannels])
      weights.append("fc.weight", Tensor(random.uniforms(shape.elementCount, bound: bound), shape: shape))
      weights.append("fc.bias", Tensor(random.uniforms(classes, bound: bound), shape: [classes]))
    }
    return weights
  }
}
