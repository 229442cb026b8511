/// One residual block as it stands in a graph.
///
/// Arrays over scales have four elements: scales 1, 2, 4 and 7. A block that is no scale-aggregation block works at
/// scale 1 alone.
public struct BlockReport: Sendable, Codable, Hashable {
  /// `layer1.0` where the nodes' names tell, else `block 0`.
  public var name: String
  /// Which steps lie between the block's input and its sum.
  public var kind: BlockKind
  /// From 1; a new stage begins where the feature size or the output's channels change.
  public var stage: Int
  /// Height and width of the block's output.
  public var featureSize: [Int]
  /// Channels of the inner convolution at each scale. Of a basic block: of its first convolution.
  public var channels: [Int]
  /// Kernel size of that convolution; 0 where the scale is absent.
  public var kernelSizes: [Int]
  /// How each scale is brought back to the block's size: `none`, `nearest` or `linear`; `absent` where there is none.
  public var resize: [String]
  /// Groups of that convolution; 1 for an ordinary one.
  public var groups: Int
  /// Channels of the block's output.
  public var outputChannels: Int
  /// Width of the narrow layer of a squeeze-and-excitation gate; nil where there is no gate.
  public var squeezeChannels: Int?
  /// Learnable parameters of all nodes of the block, its shortcut included.
  public var parameters: Int
  /// Multiply-accumulates of all nodes of the block, its shortcut included.
  public var macs: Int

  /// By how much the gate narrows the block's output: output channels over squeeze channels.
  public var squeezeReduction: Double? {
    guard let squeezeChannels, squeezeChannels > 0 else { return nil }
    return Double(outputChannels) / Double(squeezeChannels)
  }

  enum CodingKeys: String, CodingKey {
    case name, kind, stage, channels, resize, groups, parameters, macs
    case featureSize = "feature_size"
    case kernelSizes = "kernel_sizes"
    case outputChannels = "output_channels"
    case squeezeChannels = "squeeze_channels"
  }
}

/// What kind of residual block a block is, told from the graph.
public enum BlockKind: String, Sendable, Codable, Hashable, CaseIterable {
  /// ScaleNet's: 1x1, convolutions at several scales side by side, 1x1.
  case scaleAggregation = "scale_aggregation"
  /// ResNet's two convolutions of one kernel size.
  case basic
  /// ResNet's 1x1, 3x3, 1x1; ResNeXt's if the middle convolution has groups.
  case bottleneck
}
