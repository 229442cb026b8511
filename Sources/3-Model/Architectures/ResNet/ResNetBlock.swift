extension ResNetConfiguration {
  /// One residual block.
  public struct Block: Hashable, Sendable {
    /// `layer1.0`
    public var name: String
    /// From 0.
    public var stage: Int
    /// Channels of what the block and its shortcut read.
    public var inputChannels: Int
    /// `conv1` and `conv2` of a basic block; `conv1` to `conv3` of a bottleneck.
    public var convolutions: [Convolution]
    /// What weighs the channels of the block's last convolution; nil without it.
    public var attention: Attention?
    /// 2 where the block halves the feature map.
    public var stride: Int
    /// What the block's input goes through on its way to the sum.
    public var shortcut: Shortcut
    /// Whether a ReLU follows the sum.
    public var isRectified = true

    /// Channels of the block's sum: the filters of its last convolution.
    public var outputChannels: Int { convolutions.last?.filters ?? inputChannels }

    /// Groups of the 3x3 convolutions.
    public var groups: Int { convolutions.map(\.groups).max() ?? 1 }

    /// Channels between the two layers of the squeeze-and-excitation module; nil without one.
    public var squeezedChannels: Int? {
      if case .squeezeExcitation(let channels)? = attention { return channels }
      return nil
    }

    /// Whether the block is one of the ResNet, ResNeXt or SENet papers.
    var isPlain: Bool {
      if case .efficient? = attention { return false }
      return shortcut.pooling == nil && convolutions.allSatisfy { $0.form == .plain }
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
    /// How the channels are convolved.
    public var form = Form.plain
  }

  /// How a convolution of a block is carried out.
  public enum Form: Hashable, Sendable {
    /// As one.
    case plain
    /// In splits of `width` channels, each added to the next before that is convolved (Gao et al. 2019).
    case hierarchical(width: Int, scales: Int)
    /// In paths of growing dilation, of which each channel chooses (Li et al. 2019). The paths share the input's
    /// channels or have all of them.
    case selectiveKernel(paths: Int, splitsInput: Bool, attentionChannels: Int)
    /// `radix` times, among which each channel chooses (Zhang et al. 2020).
    case splitAttention(radix: Int, attentionChannels: Int)
  }

  /// What weighs the channels of a block.
  public enum Attention: Hashable, Sendable {
    /// Two layers with so many channels between them (Hu et al. 2018).
    case squeezeExcitation(Int)
    /// A convolution along the channels with a kernel of this length (Wang et al. 2020).
    case efficient(kernel: Int)
  }

  /// What the block's input goes through on its way to the sum.
  public struct Shortcut: Hashable, Sendable {
    /// How the step is taken before the convolution.
    public enum Pooling: Hashable, Sendable {
      /// Mean of 2x2; the last window may lie partly outside (He et al. 2019).
      case pairs
      /// Mean of 3x3, margins counted (Chen et al. 2019).
      case overlapping
    }

    /// Nil where the convolution takes the step, or none is taken. In the first stage of a network whose shortcuts
    /// pool it stands for the place in the names alone.
    public var pooling: Pooling?
    /// Side of the convolution's kernel; nil without a convolution.
    public var kernel: Int?

    /// The input as it is.
    public static let identity = Shortcut(pooling: nil, kernel: nil)
    /// A 1x1 convolution that takes the step.
    public static let convolution = Shortcut(pooling: nil, kernel: 1)

    /// Which of the shortcut's modules is the convolution.
    var index: Int { pooling == nil ? 0 : 1 }
  }

  /// What stands before the first block.
  public struct Stem: Hashable, Sendable {
    /// A convolution and the normalisation behind it, with their modules' names.
    public struct Layer: Hashable, Sendable {
      /// The convolution's module.
      public var name: String
      /// The normalisation's module.
      public var normalization: String
      /// Output channels.
      public var filters: Int
      /// Side of the square kernel.
      public var kernel: Int
    }

    /// What follows the convolutions.
    public enum Pool: Hashable, Sendable {
      /// A max pool of 3x3 with margins.
      case max
      /// A max pool of 3x3 without margins, whose last window may lie partly outside, as Caffe has it.
      case maxLikeCaffe
      /// A convolution of 3x3 under these names.
      case convolution(name: String, normalization: String)
      /// Nothing.
      case none
    }

    /// One of 7x7, or three of 3x3.
    public var convolutions: [Layer]
    /// Of the first convolution.
    public var stride = 2
    /// What follows.
    public var pool: Pool = .max

    /// Whether the convolution is the papers', under any name.
    var isStandard: Bool {
      convolutions.count == 1 && convolutions[0].kernel == 7 && convolutions[0].filters == 64
    }

    /// 7x7 with 64 filters.
    public static let standard = Stem(convolutions: [
      Layer(name: "conv1", normalization: "bn1", filters: 64, kernel: 7)
    ])
  }
}
