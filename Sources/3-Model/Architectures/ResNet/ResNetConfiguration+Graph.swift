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
    try options.requireNoInputScaling(family.rawValue)
    try options.requireNoTensorFlowMargins(family.rawValue)
    let hasSplits = blocks.contains { $0.convolutions.contains { $0.form != .plain } }
    if options.antiAliasing != nil, hasSplits {
      throw .unsupportedOption(
        option: "anti-aliasing", reason: "no published \(family.rawValue) is anti-aliased")
    }
    let style = BlockStyle(
      kind: kind, naming: naming, normalization: normalization,
      placement: options.stridePlacement ?? stridePlacement, antiAliasing: options.antiAliasing,
      poolsBeforeSplitAttention: poolsBeforeSplitAttention)
    return try assemble(weights, options: options, classifier: naming.classifier) {
      (builder, image) throws(ScaleNetError) in
      var x = try addStem(image, style, to: &builder)
      var stages = [ValueID](repeating: x, count: depths.count)
      for block in blocks {
        x = try style.addBlock(block, x, to: &builder)
        stages[block.stage] = x
      }
      return stages
    }
  }

  private func addStem(
    _ image: ValueID, _ style: BlockStyle, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    var x = image
    for (index, layer) in stem.convolutions.enumerated() {
      x = try builder.convolution(layer.name, x, stride: index == 0 ? stem.stride : 1)
      x = try style.addNormalization(layer.normalization, x, to: &builder)
      x = try builder.relu(index == stem.convolutions.count - 1 ? "relu" : "\(layer.name).relu", x)
    }
    let antiAliasing = style.antiAliasing
    switch stem.pool {
    case .none:
      return x
    case .convolution(let name, let normalization):
      x = try builder.convolution(name, x, stride: antiAliasing == nil ? 2 : 1)
      if antiAliasing != nil { x = try style.addStep("maxpool", x, to: &builder) }
      x = try style.addNormalization(normalization, x, to: &builder)
      return try builder.relu("maxpool.relu", x)
    case .maxLikeCaffe:
      return try builder.node(
        "maxpool", .maxPool(MaxPool(window: Window(3, stride: 2), ceilMode: true)), x)
    case .max:
      switch antiAliasing {
      case nil: return try builder.node("maxpool", .maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))), x)
      case .average: return try style.addStep("maxpool", x, to: &builder)
      case .blur:
        x = try builder.node("maxpool", .maxPool(MaxPool(window: Window(3, pad: 1))), x)
        return try style.addStep("maxpool", x, to: &builder)
      }
    }
  }
}

extension ResNetConfiguration {
  /// The max pool of 3x3 where it has no margin; nil where something is left everywhere.
  package func layerWithoutOutput(inputSide side: Int) -> String? {
    // Every other layer has margins, so that a single pixel passes.
    let pooled = (side - 1) / 2 + 1
    return stem.pool == .maxLikeCaffe && pooled < 3 ? "maxpool" : nil
  }
}
