/// A ScaleNet's dimensions: everything about it but the weights' values and the input size.
public struct ScaleNetConfiguration: NetworkConfiguration, Hashable, Sendable {
  /// One branch of an SA block.
  public struct Scale: Hashable, Sendable {
    /// The position in `Structure.pools`, and the number in the keys (`conv2.3`).
    public var index: Int
    /// Filters of the branch's convolution, `conv2.3`; above 0.
    public var channels: Int
    /// The convolution's kernel, 3 or 1.
    public var kernel: Int

    /// By how much the branch pools its input.
    public var pool: Int { Structure.pools[index] }
  }

  /// One scale-aggregation block.
  public struct Block: Hashable, Sendable {
    /// `layer1.0`
    public var name: String
    /// 0 to 3.
    public var stage: Int
    /// Channels of what the block and its shortcut read.
    public var inputChannels: Int
    /// Channels after the first 1x1 convolution.
    public var planes: Int
    /// The branches that exist, ascending.
    public var scales: [Scale]
    /// Channels of the block's sum: the filters of `conv3`.
    public var outputChannels: Int
    /// How much the block pools its input before everything else, the shortcut included.
    public var stride: Int
    /// Whether the shortcut has a convolution of its own.
    public var hasDownsample: Bool

    /// Channels after the branches are concatenated.
    public var aggregatedChannels: Int { scales.reduce(0) { $0 + $1.channels } }
  }

  /// Channels of the input image.
  public var imageChannels: Int
  /// Channels after the first convolution.
  public var stemChannels: Int
  /// All blocks, in order.
  public var blocks: [Block]
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?
  /// The name of the final layer: `fc`, or `fc.1` where it stands behind Dropout.
  public var classifier: String

  /// Always `scaleNet`.
  public var family: ArchitectureFamily { .scaleNet }

  /// Channels of the last feature map.
  public var featureChannels: Int { blocks.last?.outputChannels ?? stemChannels }

  /// The structure file of this network.
  public var structure: Structure {
    Structure(
      rows: blocks.map { block in
        var channels = [0, 0, 0, 0]
        for scale in block.scales { channels[scale.index] = scale.channels }
        return Structure.Row(channels: channels, side: Structure.sides[block.stage])
      })
  }

  /// Blocks of each stage: 3, 4, 6, 3 for ScaleNet-50.
  public var depths: [Int] {
    (0..<Structure.sides.count).map { stage in blocks.count { $0.stage == stage } }
  }

  /// The released network that this is in all its dimensions but the classes; nil for one of one's own.
  public var released: ReleasedScaleNet? {
    guard let released = ReleasedScaleNet.matching(structure) else { return nil }
    let reference = ScaleNetConfiguration(structure: released.structure, classes: classes)
    return reference.blocks.map(\.outputChannels) == blocks.map(\.outputChannels)
      && reference.blocks.map(\.planes) == blocks.map(\.planes) ? released : nil
  }

  /// `ScaleNet-50`, or a name made of the depths.
  public var displayName: String {
    released?.displayName ?? name(kind: family.rawValue)
  }

  package init(
    imageChannels: Int, stemChannels: Int, blocks: [Block], classes: Int?, classifier: String = "fc"
  ) {
    self.imageChannels = imageChannels
    self.stemChannels = stemChannels
    self.blocks = blocks
    self.classes = classes
    self.classifier = classifier
  }

  /// The published network of a structure: stem 64, planes 64 to 512, expansion 4. Branches have 3x3 kernels where
  /// side / 2^index is above 1, and 1x1 elsewhere.
  package init(structure: Structure, classes: Int?) {
    var blocks: [Block] = []
    var channels = 64
    for (stage, rows) in structure.stages.enumerated() {
      let planes = 64 << stage
      for (number, row) in rows.enumerated() {
        let scales = row.channels.indices.filter { row.channels[$0] > 0 }.map { index in
          Scale(index: index, channels: row.channels[index], kernel: row.side > 1 << index ? 3 : 1)
        }
        blocks.append(
          Block(
            name: "layer\(stage + 1).\(number)", stage: stage, inputChannels: channels, planes: planes,
            scales: scales, outputChannels: 4 * planes, stride: number == 0 && stage > 0 ? 2 : 1,
            hasDownsample: number == 0))
        channels = 4 * planes
      }
    }
    self.init(imageChannels: 3, stemChannels: 64, blocks: blocks, classes: classes)
  }
}
