package import FileIO
package import ModelIR

/// The dimensions of a Big-Little Net (Chen et al. 2019) under its authors' names: in each of three modules a deep
/// branch of half the height and width and a shallow, narrow one of full size are added, and a block fuses them. The
/// last stage is a ResNet's.
public struct BigLittleConfiguration: NetworkConfiguration, Hashable, Sendable {
  typealias Block = ResNetConfiguration.Block

  /// Two branches and what fuses them.
  public struct Module: Hashable, Sendable {
    /// `layer1`
    public var name: String
    /// The deep branch; its first block halves height and width.
    public var big: [ResNetConfiguration.Block]
    /// The shallow branch.
    public var little: [ResNetConfiguration.Block]
    /// Takes the module's step.
    public var fusion: ResNetConfiguration.Block
  }

  /// Channels of the input image.
  public var imageChannels: Int
  /// The three modules.
  public var modules: [Module]
  /// The blocks of the last stage.
  public var lastStage: [ResNetConfiguration.Block]
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?

  private let naming: ResNetNaming

  /// Always bL-ResNet, grouped or gated or not.
  public var family: ArchitectureFamily { .bigLittle }
  /// Channels of the last feature map.
  public var featureChannels: Int { lastStage.last?.outputChannels ?? 0 }
  /// Blocks of the big branches and the blocks that fuse, and those of the last stage.
  public var depths: [Int] { modules.map { $0.big.count + 1 } + [lastStage.count] }

  /// How many times narrower the little branch is: the paper's alpha.
  public var narrowing: Int {
    guard let module = modules.first, let width = module.little.last?.outputChannels, width > 0 else {
      return 1
    }
    return module.fusion.outputChannels / width
  }

  /// `bL-ResNet-50 (alpha 2)`, `bL-SE-ResNeXt-101 32x4d (alpha 2)`
  public var displayName: String {
    let fusion = modules.first?.fusion
    let groups = fusion?.groups ?? 1
    let width = (fusion?.convolutions.dropFirst().first?.filters ?? 0) / groups
    let kind = (fusion?.attention == nil ? "" : "SE-") + (groups > 1 ? "ResNeXt" : "ResNet")
    let depths = depths.map(String.init).joined(separator: "-")
    let layers = ["3-4-6-3": "50", "4-8-18-3": "101", "5-12-30-3": "152"][depths] ?? "(\(depths))"
    return "bL-\(kind)-\(layers)" + (groups > 1 ? " \(groups)x\(width)d" : "") + " (alpha \(narrowing))"
  }

  /// Steps and changes of size.
  package var assumptions: [Assumption] {
    [
      Assumption("steps of the modules", "2, 2, 1, and 2 in the last stage"),
      Assumption("size of the big branch", "halved by its first block, brought back to the nearest pixel"),
    ]
  }

  /// The little branch at full and the big one at half the size.
  package var scaleTable: ScaleTable? {
    ScaleTable(
      origins: [.steps], join: .sum, scales: ["1", "1/2"],
      blocks: modules.map { module in
        ScaleTable.Block(
          name: module.name,
          channels: [module.little, module.big].map { $0.last?.outputChannels ?? 0 })
      })
  }

  /// Whether some module has a little branch.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights.names.contains { $0.hasPrefix("layer1.little.") || $0.hasPrefix("layer1.big.") }
  }

  /// Reads the dimensions off the weights.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    let naming = ResNetNaming(of: weights)
    let traits = BlockTraits(
      parts: weights.names.compactMap { BlockKey($0)?.parts }, naming: naming, stages: 4,
      normalization: .batch, shortcutPooling: .overlapping)
    var checker = WeightChecker(weights)
    let stem = checker.takeConvolution("conv1", filters: nil, channels: nil, kernels: [7])
    let width = stem?[0]
    checker.takeNormalization("bn1", channels: width)
    var narrow: Int?
    for (name, normalization, kernel) in Self.stemLayers {
      let isNarrow = name == "l_conv0" || name == "l_conv1"
      let reads = name == "l_conv1" || name == "l_conv2" ? narrow : width
      let shape = checker.takeConvolution(
        name, filters: isNarrow ? narrow : width, channels: reads, kernels: [kernel])
      if isNarrow { narrow = shape?[0] }
      checker.takeNormalization(normalization, channels: isNarrow ? narrow : width)
    }
    var channels = width
    modules = []
    for stage in 0..<3 {
      let module = Self.takeModule(
        stage, fusionStride: stage < 2 ? 2 : 1, traits, channels: &channels, from: &checker)
      if let module { modules.append(module) }
    }
    let count = max(1, weights.moduleCount("layer4", "conv1.weight"))
    lastStage = Self.takeBlocks(
      "layer4", count: count, stage: 3, stride: 2, traits, channels: &channels, from: &checker)
    classes = checker.takeClassifier(naming.classifier, channels: channels)
    checker.finish()
    guard checker.problems.isEmpty, let stem else {
      throw .weights(source: source, architecture: "bL-ResNet", problems: checker.problems)
    }
    imageChannels = stem[1]
    self.naming = naming
  }

  /// The convolutions behind the first one: of the big branch, of the little, and of their sum.
  private static let stemLayers = [
    ("b_conv0", "bn_b0", 3), ("l_conv0", "bn_l0", 3), ("l_conv1", "bn_l1", 3), ("l_conv2", "bn_l2", 1),
    ("bl_init", "bn_bl_init", 1),
  ]

  private static func takeModule(
    _ stage: Int, fusionStride: Int, _ traits: BlockTraits, channels: inout Int?,
    from checker: inout WeightChecker
  ) -> Module? {
    let name = "layer\(stage + 1)"
    func count(_ branch: String) -> Int {
      max(1, checker.weights.moduleCount("\(name).\(branch)", "conv1.weight"))
    }
    var (wide, narrow) = (channels, channels)
    var big = takeBlocks(
      "\(name).big", count: count("big"), stage: stage, stride: 2, traits, channels: &wide, from: &checker)
    // What is added to the other branch is rectified afterwards; a branch of one block rectifies it all the same.
    if big.count > 1 { big[big.count - 1].isRectified = false }
    let little = takeBlocks(
      "\(name).little", count: count("little"), stage: stage, stride: 1, traits, channels: &narrow,
      from: &checker)
    _ = checker.takeConvolution("\(name).little_e.0", filters: wide, channels: narrow, kernels: [1])
    checker.takeNormalization("\(name).little_e.1", channels: wide)
    channels = wide
    let fusion = takeBlocks(
      "\(name).fusion", count: 1, stage: stage, stride: fusionStride, traits, channels: &channels,
      from: &checker)
    return fusion.first.map { Module(name: name, big: big, little: little, fusion: $0) }
  }

  private static func takeBlocks(
    _ name: String, count: Int, stage: Int, stride: Int, _ traits: BlockTraits, channels: inout Int?,
    from checker: inout WeightChecker
  ) -> [Block] {
    var blocks: [Block] = []
    for number in 0..<count {
      let block = traits.takeBlock(
        "\(name).\(number)", stage: stage, isFirst: number == 0, stride: number == 0 ? stride : 1,
        channels: &channels, from: &checker)
      if let block { blocks.append(block) }
    }
    return blocks
  }
}

extension BigLittleConfiguration {
  /// The network as a graph for one input size, as `NetworkConfiguration` has it.
  package func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    try options.requireNoResNetOptions("bL-ResNet")
    try options.requireNoInputScaling("bL-ResNet")
    try options.requireNoTensorFlowMargins("bL-ResNet")
    let style = BlockStyle(
      kind: .bottleneck, naming: naming, normalization: .batch, placement: .middle)
    return try assemble(weights, options: options, classifier: naming.classifier) {
      (builder, image) throws(ScaleNetError) in
      var x = try addStem(image, to: &builder)
      var stages: [ValueID] = []
      for module in modules {
        x = try Self.addModule(module, x, style, to: &builder)
        stages.append(x)
      }
      for block in lastStage { x = try style.addBlock(block, x, to: &builder) }
      return stages + [x]
    }
  }

  private func addStem(_ image: ValueID, to builder: inout LayerBuilder) throws(ScaleNetError) -> ValueID {
    func layer(
      _ name: String, _ normalization: String, _ x: ValueID, stride: Int = 1, isRectified: Bool = true,
      _ builder: inout LayerBuilder
    ) throws(ScaleNetError) -> ValueID {
      var x = try builder.convolution(name, x, stride: stride)
      x = try builder.normalization(normalization, x)
      return isRectified ? try builder.relu("\(name).relu", x) : x
    }
    let x = try layer("conv1", "bn1", image, stride: 2, &builder)
    let big = try layer("b_conv0", "bn_b0", x, stride: 2, isRectified: false, &builder)
    var little = try layer("l_conv0", "bn_l0", x, &builder)
    little = try layer("l_conv1", "bn_l1", little, stride: 2, &builder)
    little = try layer("l_conv2", "bn_l2", little, isRectified: false, &builder)
    let sum = try builder.node("stem.add", .binary(.add), big, little)
    return try layer("bl_init", "bn_bl_init", try builder.relu("stem.relu", sum), &builder)
  }

  private static func addModule(
    _ module: Module, _ input: ValueID, _ style: BlockStyle, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = module.name
    var big = input
    for block in module.big { big = try style.addBlock(block, big, to: &builder) }
    var little = input
    for block in module.little { little = try style.addBlock(block, little, to: &builder) }
    little = try builder.convolution("\(name).little_e.0", little)
    little = try builder.normalization("\(name).little_e.1", little)
    let size = builder.spatialSize(little)
    let resize = Resize(
      mode: .nearest, coordinateTransformation: .asymmetric, extent: .sizes([size.height, size.width]))
    big = try builder.node("\(name).upsample", .resize(resize), big)
    var x = try builder.node("\(name).add", .binary(.add), big, little)
    x = try builder.relu("\(name).relu", x)
    return try style.addBlock(module.fusion, x, to: &builder)
  }

  /// Every layer has margins, so that a single pixel passes.
  package func layerWithoutOutput(inputSide: Int) -> String? { nil }
}
