package import FileIO
package import ModelIR

/// The dimensions of a MixNet (Tan and Le 2019) under timm's names: inverted residual blocks whose depthwise
/// convolutions have kernels of several sizes, one for each split of the channels.
public struct MixNetConfiguration: LayeredConfiguration, Hashable, Sendable {
  /// The step of each stage's first block in all published MixNets; weights do not tell.
  static let strides = [1, 2, 2, 2, 1, 2]
  /// The stages behind which the feature map is halved, or the network ends.
  private static let featureStages = [1, 2, 4, 5]

  /// One block.
  public struct Block: Hashable, Sendable {
    /// `blocks.1.0`
    public var name: String
    /// From 0.
    public var stage: Int
    /// Of the depthwise convolutions.
    public var stride: Int
    /// Sides of the kernels of the depthwise convolutions, one for each split.
    public var kernels: [Int]
    /// Channels of each of the depthwise convolutions.
    public var channels: [Int]
    /// How many splits the 1x1 convolution before them has; nil without one.
    public var expansionSplits: Int?
    /// How many splits the 1x1 convolution behind them has.
    public var projectionSplits: Int
    /// Whether there is squeeze-and-excitation.
    public var isGated: Bool
  }

  /// Channels of the input image.
  public var imageChannels: Int
  /// All blocks, in order.
  public var blocks: [Block]
  /// Channels after the last 1x1 convolution.
  public var featureChannels: Int
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?

  /// Always MixNet.
  public var family: ArchitectureFamily { .mixNet }
  /// `MixNet-S`, or a name made of the depths.
  public var displayName: String { variant ?? name(kind: Self.kindName) }
  /// Blocks of each stage.
  public var depths: [Int] {
    Self.strides.indices.map { stage in blocks.count { $0.stage == stage } }
  }
  var classifier: String { "classifier" }
  static let kindName = "MixNet"
  private var stemChannels: Int
  private var variant: String? {
    switch (depths, stemChannels) {
    case ([1, 2, 4, 3, 3, 3], 16): "MixNet-S"
    case ([1, 2, 4, 4, 4, 4], 24): "MixNet-M"
    case ([1, 2, 4, 4, 4, 4], 32): "MixNet-L"
    case ([1, 2, 5, 5, 5, 5], 40): "MixNet-XL"
    default: nil
    }
  }

  /// Margins, epsilon and steps.
  package var assumptions: [Assumption] {
    [
      Assumption(
        "margins", "equal on both sides; TensorFlow's ports (tf_mixnet) have others, and epsilon 1e-3"),
      Assumption("activation", "ReLU in blocks without squeeze-and-excitation, Swish in those with it"),
      Assumption(
        "steps of the stages", Self.strides.map(String.init).joined(separator: ", ")),
    ]
  }

  /// One for each size of kernel.
  package var scaleTable: ScaleTable? {
    let kernels = Set(blocks.flatMap(\.kernels)).sorted()
    return ScaleTable(
      origins: [.kernels], join: .concatenation, scales: kernels.map { "\($0)x\($0)" },
      blocks: blocks.map { block in
        ScaleTable.Block(
          name: block.name,
          channels: kernels.map { kernel in
            zip(block.kernels, block.channels).reduce(0) { $0 + ($1.0 == kernel ? $1.1 : 0) }
          })
      })
  }

  /// Whether some depthwise convolution of an inverted residual has several kernels.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights["conv_stem.weight"] != nil
      && weights.names.contains { $0.hasPrefix("blocks.") && $0.hasSuffix(".conv_dw.1.weight") }
  }

  /// Reads the dimensions off the weights.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    imageChannels = weights.extent("conv_stem.weight", 1) ?? 3
    stemChannels = weights.extent("conv_stem.weight", 0) ?? 1
    featureChannels = weights.extent("conv_head.weight", 0) ?? 0
    classes = weights.classes(of: "classifier")
    blocks = []
    for (stage, stride) in Self.strides.enumerated() {
      let prefix = "blocks.\(stage)"
      for number in 0..<max(1, weights.moduleCount(prefix, "bn1.weight")) {
        let name = "\(prefix).\(number)"
        let splits = weights.moduleCount("\(name).conv_dw", "weight")
        let parts = splits > 0 ? (0..<splits).map { "conv_dw.\($0)" } : ["conv_dw"]
        // A depthwise separable block has a second 1x1 convolution in place of the first.
        let isExpanded = weights["\(name).bn3.weight"] != nil
        func count(_ layer: String) -> Int { max(1, weights.moduleCount("\(name).\(layer)", "weight")) }
        blocks.append(
          Block(
            name: name, stage: stage, stride: number == 0 ? stride : 1,
            kernels: parts.map { weights.extent("\(name).\($0).weight", 2) ?? 3 },
            channels: parts.map { weights.extent("\(name).\($0).weight", 0) ?? 0 },
            expansionSplits: isExpanded ? count("conv_pw") : nil,
            projectionSplits: count(isExpanded ? "conv_pwl" : "conv_pw"),
            isGated: weights["\(name).se.conv_reduce.weight"] != nil))
      }
    }
    try checkWeights(weights, source: source)
  }

  func check(_ options: BuildOptions) throws(ScaleNetError) {
    try options.requireNoResNetOptions(Self.kindName)
    try options.requireNoInputScaling(Self.kindName)
  }

  func addStages(
    _ image: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> [ValueID] {
    let style = MixNetStyle(options)
    var x = try builder.convolution(
      "conv_stem", image, kernel: 3, stride: 2, padsLikeTensorFlow: style.padsLikeTensorFlow)
    x = try builder.relu("bn1.act", try style.addNormalization("bn1", x, to: &builder))
    var stages = [ValueID](repeating: x, count: Self.strides.count)
    for block in blocks {
      x = try style.addBlock(block, x, to: &builder)
      stages[block.stage] = x
    }
    return Self.featureStages.map { stages[$0] }
  }

  func addNeck(
    _ x: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let head = try builder.convolution("conv_head", x, kernel: 1)
    return try builder.relu(
      "bn2.act", try MixNetStyle(options).addNormalization("bn2", head, to: &builder))
  }

  /// Every layer has margins, so that a single pixel passes.
  package func layerWithoutOutput(inputSide: Int) -> String? { nil }
}

/// What is the same in all blocks of a MixNet, and weights do not tell.
private struct MixNetStyle {
  typealias Block = MixNetConfiguration.Block

  let padsLikeTensorFlow: Bool

  init(_ options: BuildOptions) {
    padsLikeTensorFlow = options.padsLikeTensorFlow ?? false
  }

  func addNormalization(
    _ name: String, _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    try builder.normalization(name, x, epsilon: padsLikeTensorFlow ? 1e-3 : 1e-5)
  }

  func addBlock(
    _ block: Block, _ input: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = block.name
    var x = input
    var number = 1
    if let splits = block.expansionSplits {
      x = try addPointwise("\(name).conv_pw", x, splits: splits, to: &builder)
      x = try addNormalization("\(name).bn1", x, to: &builder)
      x = try builder.activation("\(name).bn1.act", x, isSwish: block.isGated)
      number += 1
    }
    x = try addDepthwise(block, x, to: &builder)
    x = try addNormalization("\(name).bn\(number)", x, to: &builder)
    x = try builder.activation("\(name).bn\(number).act", x, isSwish: block.isGated)
    if block.isGated {
      x = try builder.squeezeExcitation(
        "\(name).se", x, layers: ("conv_reduce", "conv_expand"), isSwish: true)
    }
    let projection = block.expansionSplits == nil ? "conv_pw" : "conv_pwl"
    x = try addPointwise("\(name).\(projection)", x, splits: block.projectionSplits, to: &builder)
    x = try addNormalization("\(name).bn\(number + 1)", x, to: &builder)
    guard block.stride == 1, builder.channels(x) == builder.channels(input) else { return x }
    return try builder.node("\(name).add", .binary(.add), x, input)
  }

  /// A 1x1 convolution, or several of equal shares of the channels.
  private func addPointwise(
    _ name: String, _ x: ValueID, splits: Int, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    guard splits > 1 else { return try builder.convolution(name, x, kernel: 1) }
    let shares = shares(of: builder.channels(x), splits)
    var start = 0
    var outputs: [ValueID] = []
    for (index, share) in shares.enumerated() {
      let part = try builder.slice("\(name).split.\(index)", x, start: start, count: share)
      outputs.append(try builder.convolution("\(name).\(index)", part, kernel: 1))
      start += share
    }
    return try builder.concat("\(name).concat", outputs)
  }

  /// A depthwise convolution for each kernel, of a share of the channels each.
  private func addDepthwise(
    _ block: Block, _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = "\(block.name).conv_dw"
    let channels = builder.channels(x)
    func convolution(
      _ name: String, _ x: ValueID, _ channels: Int, _ kernel: Int, to builder: inout LayerBuilder
    ) throws(ScaleNetError) -> ValueID {
      try builder.convolution(
        name, x, filters: channels, kernel: kernel, stride: block.stride, group: channels,
        padsLikeTensorFlow: padsLikeTensorFlow)
    }
    guard block.kernels.count > 1 else {
      return try convolution(name, x, channels, block.kernels[0], to: &builder)
    }
    var start = 0
    var outputs: [ValueID] = []
    for (index, share) in shares(of: channels, block.kernels.count).enumerated() {
      let part = try builder.slice("\(name).split.\(index)", x, start: start, count: share)
      outputs.append(
        try convolution("\(name).\(index)", part, share, block.kernels[index], to: &builder))
      start += share
    }
    return try builder.concat("\(name).concat", outputs)
  }

  /// Equal shares; what does not divide goes to the first.
  private func shares(of channels: Int, _ count: Int) -> [Int] {
    var shares = [Int](repeating: channels / count, count: count)
    shares[0] += channels % count
    return shares
  }
}
