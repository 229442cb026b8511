package import FileIO
package import ModelIR

extension ScaleNetConfiguration {
  /// The network as a graph for one input size: published weights, published forward pass.
  ///
  /// The input is [N, C, H, W]; the outputs are logits [N, classes], pooled features [N, channels] where there is no
  /// `fc`, or with `features` the maps `layer1` to `layer4`.
  package func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    if options.stridePlacement != nil {
      throw .unsupportedOption(
        option: "stridePlacement", reason: "a ScaleNet pools before its blocks, no convolution takes a step")
    }
    if options.antiAliasing != nil {
      throw .unsupportedOption(
        option: "anti-aliasing", reason: "a ScaleNet pools before its blocks, no convolution takes a step")
    }
    try options.requireNoInputScaling("ScaleNet")
    try options.requireNoTensorFlowMargins("ScaleNet")
    return try assemble(weights, options: options, classifier: classifier) {
      (builder, image) throws(ScaleNetError) in
      var x = try builder.convolution("conv1", image, stride: 2)
      x = try builder.normalization("bn1", x)
      x = try builder.relu("relu", x)
      x = try builder.node("maxpool", .maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))), x)
      var stages = [ValueID](repeating: x, count: Structure.sides.count)
      for block in blocks {
        x = try Self.addBlock(block, x, to: &builder)
        stages[block.stage] = x
      }
      return stages
    }
  }

  /// One SA block; the steps are those of the published forward pass.
  private static func addBlock(
    _ block: Block, _ input: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = block.name
    var x = input
    if block.stride > 1 { x = try builder.pool("\(name).pool", x, size: block.stride) }
    var shortcut = x
    if block.hasDownsample {
      shortcut = try builder.convolution("\(name).downsample.0", x)
      shortcut = try builder.normalization("\(name).downsample.1", shortcut)
    }
    x = try builder.convolution("\(name).conv1", x)
    x = try builder.normalization("\(name).bn1", x)
    x = try builder.relu("\(name).relu1", x)
    let size = builder.spatialSize(x)

    var branches: [ValueID] = []
    for scale in block.scales {
      var branch = x
      if scale.pool > 1 { branch = try builder.pool("\(name).pool2.\(scale.index)", x, size: scale.pool) }
      branch = try builder.convolution("\(name).conv2.\(scale.index)", branch)
      if scale.pool > 1 {
        let resize = Self.upsampling(from: builder.spatialSize(branch), to: size)
        branch = try builder.node("\(name).upsample2.\(scale.index)", .resize(resize), branch)
      }
      branches.append(try builder.normalization("\(name).bn2.\(scale.index)", branch))
    }
    x = try builder.concat("\(name).concat", branches)
    x = try builder.relu("\(name).relu2", x)
    x = try builder.convolution("\(name).conv3", x)
    x = try builder.normalization("\(name).bn3", x)
    x = try builder.node("\(name).add", .binary(.add), x, shortcut)
    return try builder.relu("\(name).relu3", x)
  }

  /// Nearest where both sides divide evenly, else bilinear with align_corners=False.
  static func upsampling(from small: InputSize, to large: InputSize) -> Resize {
    let isEven = large.height % small.height == 0 && large.width % small.width == 0
    return Resize(
      mode: isEven ? .nearest : .linear, coordinateTransformation: isEven ? .asymmetric : .halfPixel,
      extent: .sizes([large.height, large.width]))
  }
}

extension ScaleNetConfiguration {
  /// The first pool for which the feature map is too small; nil where something is left everywhere.
  package func layerWithoutOutput(inputSide side: Int) -> String? {
    // 7x7 stride 2 margin 3, then 3x3 stride 2 margin 1.
    var current = (side - 1) / 2 + 1
    current = (current - 1) / 2 + 1
    for block in blocks {
      if block.stride > 1 { current /= block.stride }
      if current < 1 { return "\(block.name).pool" }
      if let scale = block.scales.first(where: { $0.pool > current }) {
        return "\(block.name).pool2.\(scale.index)"
      }
    }
    return nil
  }
}
