/// One scale-aggregation block as it stands in a graph.
public struct BlockReport: Sendable, Codable, Hashable {
  /// `layer1.0` where the nodes' names tell, else `block 0`.
  public var name: String
  /// From 1; a new stage begins where the feature size changes.
  public var stage: Int
  /// Height and width of the block's output.
  public var featureSize: [Int]
  /// Channels at scales 1, 2, 4 and 7.
  public var channels: [Int]
  /// Kernel size of each scale's convolution; 0 where the scale is absent.
  public var kernelSizes: [Int]
  /// How each scale is brought back to the block's size: `none`, `nearest` or `linear`; `absent` where there is none.
  public var resize: [String]
  public var parameters: Int
  public var macs: Int

  enum CodingKeys: String, CodingKey {
    case name, stage, channels, resize, parameters, macs
    case featureSize = "feature_size"
    case kernelSizes = "kernel_sizes"
  }
}
