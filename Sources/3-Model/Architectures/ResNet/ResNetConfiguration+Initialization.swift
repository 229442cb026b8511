extension ResNetConfiguration {
  /// Fresh weights in the order of torchvision and timm, by torchvision's initialisation: convolutions normal with
  /// standard deviation sqrt(2 / (k * k * out)), BatchNorm 1 and 0, the last of a block included; biases and the
  /// final layer uniform within 1 / sqrt(in). With squeeze and excitation the last BatchNorm of a block begins at 0,
  /// as timm's does (Goyal et al. 2017): gates over fresh branches make a deep network amplify every rounding.
  ///
  /// Only the networks of `PublishedResNet` begin afresh; of the others, published weights are read.
  package func addInitialWeights(to new: inout WeightInitializer) {
    precondition(stem.isStandard && normalization == .batch && blocks.allSatisfy(\.isPlain))
    new.addConvolution(
      "\(naming.stemPrefix)conv1", filters: stemChannels, channels: imageChannels, kernel: 7)
    new.addNormalization("\(naming.stemPrefix)bn1", channels: stemChannels)
    for block in blocks {
      let (name, output) = (block.name, block.outputChannels)
      var channels = block.inputChannels
      for (index, convolution) in block.convolutions.enumerated() {
        new.addConvolution(
          "\(name).conv\(index + 1)", filters: convolution.filters, channels: channels / convolution.groups,
          kernel: convolution.kernel)
        new.addNormalization(
          "\(name).bn\(index + 1)", channels: convolution.filters,
          startsAtZero: block.squeezedChannels != nil && index == block.convolutions.count - 1)
        channels = convolution.filters
      }
      if let squeezed = block.squeezedChannels {
        let module = "\(name).\(naming.squeezeExcitation)"
        new.addBiasedConvolution("\(module).fc1", filters: squeezed, channels: output)
        new.addBiasedConvolution("\(module).fc2", filters: output, channels: squeezed)
      }
      if block.shortcut.kernel != nil {
        new.addConvolution("\(name).downsample.0", filters: output, channels: block.inputChannels, kernel: 1)
        new.addNormalization("\(name).downsample.1", channels: output)
      }
    }
    if let classes { new.addLinear(naming.classifier, outputs: classes, inputs: featureChannels) }
  }
}
