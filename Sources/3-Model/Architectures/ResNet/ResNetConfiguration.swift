package import ModelIR

/// The dimensions of a ResNet (He et al. 2016) or of a network that changes its parts: its stem (ResNet-C, D, S and T;
/// ResNets for CIFAR), its shortcuts (ResNet-D), its normalisation (Wu and He 2018), its attention (SENet, ECA-Net), or
/// how a block convolves (ResNeXt, Res2Net, SKNet, ResNeSt).
public struct ResNetConfiguration: NetworkConfiguration, Hashable, Sendable {
  /// Channels of the input image.
  public var imageChannels: Int
  /// What stands before the first block.
  public var stem: Stem
  /// What all blocks of the network are.
  public var kind: BlockKind
  /// All blocks, in order.
  public var blocks: [Block]
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?
  /// Which implementation's names the weights have.
  public var naming: ResNetNaming
  /// How features are normalised.
  public var normalization: Normalization

  package init(
    imageChannels: Int = 3, stem: Stem = .standard, kind: BlockKind, blocks: [Block], classes: Int?,
    naming: ResNetNaming = .torchvision, normalization: Normalization = .batch
  ) {
    self.imageChannels = imageChannels
    self.stem = stem
    self.kind = kind
    self.blocks = blocks
    self.classes = classes
    self.naming = naming
    self.normalization = normalization
  }

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

  /// How features are normalised.
  public enum Normalization: Hashable, Sendable {
    /// By the statistics of the training data.
    case batch
    /// By the statistics of groups of channels of the image itself; weights do not tell how many.
    case group(Int)
  }

  /// Channels after the first convolutions.
  public var stemChannels: Int { stem.convolutions.last?.filters ?? 0 }

  /// Channels of the last feature map.
  public var featureChannels: Int { blocks.last?.outputChannels ?? stemChannels }

  /// Blocks of each stage.
  public var depths: [Int] {
    (0...(blocks.last?.stage ?? 0)).map { stage in blocks.count { $0.stage == stage } }
  }

  /// The published network that this is in all its dimensions but the classes; nil for one of one's own.
  public var published: PublishedResNet? {
    guard normalization == .batch, stem.isStandard else { return nil }
    return PublishedResNet.allCases.first { network in
      let reference = ResNetConfiguration(network, classes: classes)
      return reference.kind == kind && reference.blocks == blocks
    }
  }

  /// Where the bottleneck blocks take their step unless an option says otherwise.
  public var stridePlacement: StridePlacement {
    naming.stridePlacement(isGrouped: blocks.contains { $0.groups > 1 })
  }
}

extension ResNetConfiguration {
  /// Told by how the blocks convolve, whether they have a gate, and whether their 3x3 convolutions have groups.
  public var family: ArchitectureFamily {
    let isGrouped = blocks.contains { $0.groups > 1 }
    let convolutions = blocks.first?.convolutions ?? []
    for convolution in convolutions {
      switch convolution.form {
      case .plain: break
      case .hierarchical: return isGrouped ? .res2NeXt : .res2Net
      case .selectiveKernel: return .skNet
      case .splitAttention: return .resNeSt
      }
    }
    switch blocks.first(where: { $0.attention != nil })?.attention {
    case .squeezeExcitation: return isGrouped ? .seResNeXt : .seResNet
    case .efficient: return isGrouped ? .ecaResNeXt : .ecaResNet
    case nil: return isGrouped ? .resNeXt : .resNet
    }
  }

  /// `SE-ResNeXt-50 32x4d`, `ResNet-50-D`, or a name made of the depths.
  public var displayName: String {
    if let published { return published.displayName }
    let letters = [letter, normalization == .batch ? nil : "GN"].compactMap(\.self)
    let isPlain = letters.isEmpty && stem.convolutions.first?.kernel == 7 && blocks.allSatisfy(\.isPlain)
    if isPlain { return name(kind: family.rawValue) }
    // The papers count the layers with weights on the longest path.
    let layers = blocks.count * kind.kernels.count + 2
    let size = splits.map { " \($0)" } ?? ""
    return ([family.rawValue, "\(layers)"] + letters).joined(separator: "-") + size
  }

  /// The letter that tells stems and shortcuts apart (He et al. 2019; timm adds T and S).
  private var letter: String? {
    let widths = stem.convolutions.map(\.filters)
    let pools = blocks.contains { $0.shortcut.pooling != nil }
    guard widths.count == 3 else { return stem.stride == 1 ? "CIFAR" : nil }
    if widths[0] != widths[1] { return "T" }
    return widths[2] > 64 ? (pools ? "E" : "S") : pools ? "D" : "C"
  }

  /// `26w 4s` of a Res2Net, `2s2x40d` of a ResNeSt, `32x4d` of a ResNeXt; nil for the usual width.
  private var splits: String? {
    guard kind == .bottleneck, let block = blocks.first else { return nil }
    let middle = block.convolutions[1]
    let width = middle.filters / middle.groups
    switch middle.form {
    case .hierarchical(let width, let scales):
      return middle.groups > 1
        ? "\(middle.groups)x\(width / middle.groups)d \(scales)s" : "\(width)w \(scales)s"
    case .splitAttention(let radix, _):
      return radix == 2 && middle.groups == 1 ? nil : "\(radix)s\(middle.groups)x\(width)d"
    case .plain, .selectiveKernel:
      return middle.groups > 1 ? "\(middle.groups)x\(width)d" : nil
    }
  }

  /// What the weights do not tell, and what is taken for it.
  package var assumptions: [Assumption] {
    var result: [Assumption] = []
    if stem.stride == 1 {
      result.append(Assumption("stem", "3x3 of step 1 and no pool, as networks for CIFAR have it"))
    }
    if case .group(let groups) = normalization {
      result.append(
        Assumption("normalisation", "GroupNorm of \(groups) groups, as there are no running statistics"))
    }
    let convolutions = blocks.first?.convolutions ?? []
    for convolution in convolutions {
      switch convolution.form {
      case .plain: break
      case .hierarchical:
        result.append(Assumption("pool of the last split", "mean of 3x3 that counts its margins"))
      case .selectiveKernel(let paths, _, _):
        let dilations = (1...paths).map(String.init).joined(separator: ", ")
        result.append(Assumption("dilation of the paths", "\(dilations): 5x5 as 3x3 of dilation 2"))
      case .splitAttention:
        let place = poolsBeforeSplitAttention ? "before" : "behind"
        result.append(Assumption("pool of a block that takes a step", "\(place) its split attention"))
      }
    }
    return result
  }

  /// That a file without running statistics is not taken for one of BatchNorm.
  package var notes: [String] {
    guard case .group(let groups) = normalization else { return [] }
    return [
      "no running means and variances: the network is taken for one of GroupNorm with \(groups) groups; "
        + "with BatchNorm, its buffers were left out of the file"
    ]
  }

  /// Whether a ResNeSt's block that takes a step pools before its convolution. The published networks with another
  /// radix than 2 or with groups do (those that the paper calls fast); weights do not tell.
  var poolsBeforeSplitAttention: Bool {
    blocks.contains { block in
      block.convolutions.contains { convolution in
        guard case .splitAttention(let radix, _) = convolution.form else { return false }
        return radix != 2 || convolution.groups > 1
      }
    }
  }
}
