extension ScaleNetConfiguration {
  /// Fresh weights in the published order, by the published initialisation: convolutions normal with standard
  /// deviation sqrt(2 / (k * k * out)), BatchNorm 1 and 0, and `fc` uniform within 1 / sqrt(in) as PyTorch's Linear.
  package func addInitialWeights(to new: inout WeightInitializer) {
    new.addConvolution("conv1", filters: stemChannels, channels: imageChannels, kernel: 7)
    new.addNormalization("bn1", channels: stemChannels)
    for block in blocks {
      let (name, output) = (block.name, block.outputChannels)
      if block.hasDownsample {
        new.addConvolution(
          "\(name).downsample.0", filters: output, channels: block.inputChannels, kernel: 1)
        new.addNormalization("\(name).downsample.1", channels: output)
      }
      new.addConvolution("\(name).conv1", filters: block.planes, channels: block.inputChannels, kernel: 1)
      new.addNormalization("\(name).bn1", channels: block.planes)
      for scale in block.scales {
        new.addConvolution(
          "\(name).conv2.\(scale.index)", filters: scale.channels, channels: block.planes,
          kernel: scale.kernel)
      }
      for scale in block.scales {
        new.addNormalization("\(name).bn2.\(scale.index)", channels: scale.channels)
      }
      new.addConvolution("\(name).conv3", filters: output, channels: block.aggregatedChannels, kernel: 1)
      new.addNormalization("\(name).bn3", channels: output)
    }
    if let classes { new.addLinear("fc", outputs: classes, inputs: featureChannels) }
  }
}
