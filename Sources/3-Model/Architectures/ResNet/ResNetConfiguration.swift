/// The dimensions of a ResNet (He et al. 2016), a ResNeXt (Xie et al. 2017), or either with squeeze-and-excitation
/// (Hu et al. 2018).
public struct ResNetConfiguration: NetworkConfiguration, Hashable, Sendable {
  /// What a block is made of.
  public enum BlockKind: Hashable, Sendable {
    /// Two 3x3 convolutions.
    case basic
    /// 1x1, 3x3 and 1x1.
    case bottleneck

    /// The kernel of each convolution.
    var kernels: [Int] {
      switch self {
      case .basic: [3, 3]
      case .bottleneck: [1, 3, 1]
      }
    }
  }

  /// One convolution of a block.
  public struct Convolution: Hashable, Sendable {
    /// Output channels.
    public var filters: Int
    /// Side of the square kernel, 1 or 3.
    public var kernel: Int
    /// Groups of channels that are convolved apart.
    public var groups: Int
  }

  /// One residual block.
  public struct Block: Hashable, Sendable {
    /// `layer1.0`
    public var name: String
    /// 0 to 3.
    public var stage: Int
    /// Channels of what the block and its shortcut read.
    public var inputChannels: Int
    /// `conv1` and `conv2` of a basic block; `conv1` to `conv3` of a bottleneck.
    public var convolutions: [Convolution]
    /// Channels between the two layers of the squeeze-and-excitation module; nil without one.
    public var squeezedChannels: Int?
    /// 2 where the block halves the feature map.
    public var stride: Int
    /// Whether the shortcut has a convolution of its own.
    public var hasDownsample: Bool

    /// Channels of the block's sum: the filters of its last convolution.
    public var outputChannels: Int { convolutions.last?.filters ?? inputChannels }

    /// Groups of the 3x3 convolutions.
    public var groups: Int { convolutions.map(\.groups).max() ?? 1 }
  }

  /// Channels of the input image.
  public var imageChannels: Int
  /// Channels after the first convolution.
  public var stemChannels: Int
  /// What all blocks of the network are.
  public var kind: BlockKind
  /// All blocks, in order.
  public var blocks: [Block]
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?
  /// Which implementation's names the weights have.
  public var naming: ResNetNaming

  package init(
    imageChannels: Int = 3, stemChannels: Int = 64, kind: BlockKind, blocks: [Block], classes: Int?,
    naming: ResNetNaming = .torchvision
  ) {
    self.imageChannels = imageChannels
    self.stemChannels = stemChannels
    self.kind = kind
    self.blocks = blocks
    self.classes = classes
    self.naming = naming
  }

  /// Told by whether a block has a gate, and its 3x3 convolutions groups.
  public var family: ArchitectureFamily {
    let isGrouped = blocks.contains { $0.groups > 1 }
    if blocks.contains(where: { $0.squeezedChannels != nil }) { return isGrouped ? .seResNeXt : .seResNet }
    return isGrouped ? .resNeXt : .resNet
  }

  /// Channels of the last feature map.
  public var featureChannels: Int { blocks.last?.outputChannels ?? stemChannels }

  /// Blocks of each of the four stages.
  public var depths: [Int] {
    (0..<BlockKey.stageCount).map { stage in blocks.count { $0.stage == stage } }
  }

  /// The published network that this is in all its dimensions but the classes; nil for one of one's own.
  public var published: PublishedResNet? {
    PublishedResNet.allCases.first { network in
      let reference = ResNetConfiguration(network, classes: classes)
      return reference.stemChannels == stemChannels && reference.kind == kind && reference.blocks == blocks
    }
  }

  /// `SE-ResNeXt-50 32x4d`, or a name made of the depths.
  public var displayName: String { published?.displayName ?? name(kind: family.rawValue) }

  /// Where the bottleneck blocks take their step unless an option says otherwise.
  public var stridePlacement: StridePlacement {
    naming.stridePlacement(isGrouped: blocks.contains { $0.groups > 1 })
  }
}
