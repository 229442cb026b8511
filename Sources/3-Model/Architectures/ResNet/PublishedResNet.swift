/// The networks of the ResNet family that papers name.
public enum PublishedResNet: String, CaseIterable, Sendable {
  /// He et al. 2016; basic blocks, 2, 2, 2 and 2 of them.
  case resNet18 = "resnet18"
  /// He et al. 2016; basic blocks, 3, 4, 6 and 3 of them.
  case resNet34 = "resnet34"
  /// He et al. 2016; bottleneck blocks, 3, 4, 6 and 3 of them.
  case resNet50 = "resnet50"
  /// He et al. 2016; bottleneck blocks, 3, 4, 23 and 3 of them.
  case resNet101 = "resnet101"
  /// He et al. 2016; bottleneck blocks, 3, 8, 36 and 3 of them.
  case resNet152 = "resnet152"
  /// ResNet-50 with squeeze-and-excitation (Hu et al. 2018).
  case seResNet50 = "seresnet50"
  /// ResNet-101 with squeeze-and-excitation.
  case seResNet101 = "seresnet101"
  /// ResNet-152 with squeeze-and-excitation.
  case seResNet152 = "seresnet152"
  /// Xie et al. 2017; 3, 4, 6 and 3 blocks, whose 3x3 convolutions have 32 groups of 4 channels and more.
  case resNeXt50 = "resnext50-32x4d"
  /// Xie et al. 2017; 3, 4, 23 and 3 blocks, 32 groups of 8 channels and more.
  case resNeXt101 = "resnext101-32x8d"
  /// ResNeXt-50 32x4d with squeeze-and-excitation.
  case seResNeXt50 = "seresnext50-32x4d"
  /// ResNet-50 whose 3x3 convolutions are twice as wide (Zagoruyko and Komodakis 2016).
  case wideResNet50 = "wide-resnet50-2"
  /// ResNet-101 whose 3x3 convolutions are twice as wide.
  case wideResNet101 = "wide-resnet101-2"

  /// The name in the papers' spelling.
  public var displayName: String {
    switch self {
    case .resNet18: "ResNet-18"
    case .resNet34: "ResNet-34"
    case .resNet50: "ResNet-50"
    case .resNet101: "ResNet-101"
    case .resNet152: "ResNet-152"
    case .seResNet50: "SE-ResNet-50"
    case .seResNet101: "SE-ResNet-101"
    case .seResNet152: "SE-ResNet-152"
    case .resNeXt50: "ResNeXt-50 32x4d"
    case .resNeXt101: "ResNeXt-101 32x8d"
    case .seResNeXt50: "SE-ResNeXt-50 32x4d"
    case .wideResNet50: "Wide ResNet-50-2"
    case .wideResNet101: "Wide ResNet-101-2"
    }
  }

  /// Blocks of each stage.
  var depths: [Int] {
    switch self {
    case .resNet18: [2, 2, 2, 2]
    case .resNet34, .resNet50, .seResNet50, .resNeXt50, .seResNeXt50, .wideResNet50: [3, 4, 6, 3]
    case .resNet101, .seResNet101, .resNeXt101, .wideResNet101: [3, 4, 23, 3]
    case .resNet152, .seResNet152: [3, 8, 36, 3]
    }
  }

  var kind: ResNetConfiguration.BlockKind {
    switch self {
    case .resNet18, .resNet34: .basic
    default: .bottleneck
    }
  }

  /// Groups of the 3x3 convolution, and the channels of one at 64 planes.
  var cardinality: (groups: Int, width: Int) {
    switch self {
    case .resNeXt50, .seResNeXt50: (32, 4)
    case .resNeXt101: (32, 8)
    case .wideResNet50, .wideResNet101: (1, 128)
    default: (1, 64)
    }
  }

  var hasSqueezeExcitation: Bool {
    switch self {
    case .seResNet50, .seResNet101, .seResNet152, .seResNeXt50: true
    default: false
    }
  }
}

extension ResNetConfiguration {
  /// A published network: stem 64, planes 64 to 512, and a squeeze to a sixteenth of a block's channels.
  package init(_ network: PublishedResNet, classes: Int?) {
    var blocks: [Block] = []
    var channels = 64
    for (stage, depth) in network.depths.enumerated() {
      let planes = 64 << stage
      let (groups, width) = network.cardinality
      let inner = planes * width / 64 * groups
      let convolutions =
        switch network.kind {
        case .basic:
          [
            Convolution(filters: planes, kernel: 3, groups: 1),
            Convolution(filters: planes, kernel: 3, groups: 1),
          ]
        case .bottleneck:
          [
            Convolution(filters: inner, kernel: 1, groups: 1),
            Convolution(filters: inner, kernel: 3, groups: groups),
            Convolution(filters: 4 * planes, kernel: 1, groups: 1),
          ]
        }
      for number in 0..<depth {
        var block = Block(
          name: "layer\(stage + 1).\(number)", stage: stage, inputChannels: channels,
          convolutions: convolutions, stride: number == 0 && stage > 0 ? 2 : 1, shortcut: .identity)
        if block.stride > 1 || block.outputChannels != channels { block.shortcut = .convolution }
        if network.hasSqueezeExcitation {
          block.attention = .squeezeExcitation(block.outputChannels / 16)
        }
        blocks.append(block)
        channels = block.outputChannels
      }
    }
    self.init(kind: network.kind, blocks: blocks, classes: classes)
  }
}
