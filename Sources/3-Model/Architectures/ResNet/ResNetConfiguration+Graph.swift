package import FileIO
package import ModelIR

extension ResNetConfiguration {
  /// The network as a graph for one input size: published weights, published forward pass.
  ///
  /// The input is [N, C, H, W]; the outputs are logits [N, classes], pooled features [N, channels] where there is no
  /// final layer, or with `features` the maps `layer1` to `layer4`.
  package func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    if options.stridePlacement != nil, kind == .basic {
      throw .unsupportedOption(
        option: "stride placement",
        reason: "these blocks have no 1x1 convolution, the first 3x3 takes the step")
    }
    let placement = options.stridePlacement ?? stridePlacement
    return try assemble(weights, options: options, classifier: naming.classifier) {
      (builder, image) throws(ScaleNetError) in
      var x = try builder.convolution("\(naming.stemPrefix)conv1", image, stride: 2)
      x = try builder.normalization("\(naming.stemPrefix)bn1", x)
      x = try builder.relu("relu", x)
      let pool =
        naming.poolsLikeCaffe
        ? MaxPool(window: Window(3, stride: 2), ceilMode: true)
        : MaxPool(window: Window(3, stride: 2, pad: 1))
      x = try builder.node("maxpool", .maxPool(pool), x)
      var stages = [ValueID](repeating: x, count: BlockKey.stageCount)
      for block in blocks {
        x = try addBlock(block, x, placement: placement, to: &builder)
        stages[block.stage] = x
      }
      return stages
    }
  }

  private func addBlock(
    _ block: Block, _ input: ValueID, placement: StridePlacement, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = block.name
    let stepping = kind == .bottleneck && placement == .middle ? 1 : 0
    var x = input
    for (index, convolution) in block.convolutions.enumerated() {
      x = try builder.convolution(
        "\(name).conv\(index + 1)", x, stride: index == stepping ? block.stride : 1,
        group: convolution.groups)
      x = try builder.normalization("\(name).bn\(index + 1)", x)
      if index < block.convolutions.count - 1 { x = try builder.relu("\(name).relu\(index + 1)", x) }
    }
    var activations = block.convolutions.count
    if block.squeezedChannels != nil {
      if kind == .basic && naming.rectifiesBeforeSqueeze {
        x = try builder.relu("\(name).relu\(activations)", x)
        activations += 1
      }
      x = try Self.addSqueezeExcitation("\(name).\(naming.squeezeExcitation)", x, to: &builder)
    }
    var shortcut = input
    if block.hasDownsample {
      shortcut = try builder.convolution("\(name).downsample.0", input, stride: block.stride)
      shortcut = try builder.normalization("\(name).downsample.1", shortcut)
    }
    x = try builder.node("\(name).add", .binary(.add), x, shortcut)
    return try builder.relu("\(name).relu\(activations)", x)
  }

  /// Every channel times a factor between 0 and 1 that two layers make of all channels' means.
  private static func addSqueezeExcitation(
    _ name: String, _ input: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    var x = try builder.node("\(name).avg_pool", .globalPool(.average), input)
    x = try builder.biasedConvolution("\(name).fc1", x)
    x = try builder.relu("\(name).relu", x)
    x = try builder.biasedConvolution("\(name).fc2", x)
    x = try builder.node("\(name).sigmoid", .unary(.sigmoid), x)
    return try builder.node("\(name).mul", .binary(.mul), input, x)
  }
}

extension ResNetConfiguration {
  /// The max pool of 3x3 where it has no margin; nil where something is left everywhere.
  package func layerWithoutOutput(inputSide side: Int) -> String? {
    // Every other layer has margins, so that a single pixel passes.
    let pooled = (side - 1) / 2 + 1
    return naming.poolsLikeCaffe && pooled < 3 ? "maxpool" : nil
  }
}
