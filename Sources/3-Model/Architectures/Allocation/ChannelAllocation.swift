/// How many channels each scale of each block keeps, and what that saves.
public struct ChannelAllocation: Hashable, Sendable {
  /// One block.
  public struct Block: Hashable, Sendable {
    /// `layer1.0`
    public var name: String
    /// Channels after the first 1x1 convolution.
    public var planes: Int
    /// The channels of the seed that stay, ascending, for each of `Structure.pools`.
    public var kept: [[Int]]
    /// How many channels go, for each of `Structure.pools`.
    public var lost: [Int]
    /// Multiply-accumulates of the block before.
    public var macsBefore: Int
    /// Multiply-accumulates of the block afterwards.
    public var macsAfter: Int
    /// What the block may take; nil unless blocks have budgets of their own.
    public var macsBudget: Int?

    /// How many channels stay at each scale: the block's row in a structure file.
    public var channels: [Int] { kept.map(\.count) }
  }

  /// What was asked for.
  public var target: AllocationTarget
  /// The image that multiply-accumulates are counted for.
  public var inputSize: InputSize
  /// r in k = ceil(r * planes), the greatest that gives these numbers; nil where every block has its own budget.
  public var width: Double?
  /// All blocks of the seed, in the order in which they run.
  public var blocks: [Block]
  /// The network that is left.
  public var configuration: ScaleNetConfiguration
  /// Multiply-accumulates of the whole network before.
  public var macsBefore: Int
  /// Multiply-accumulates of the whole network afterwards: the achieved budget.
  public var macsAfter: Int
  /// What the whole network may take; nil where a width was asked for.
  public var macsBudget: Int?

  /// What a user should know of how channels competed, one sentence each.
  public var notes: [String] = []

  /// The structure file of the network that is left.
  public var structure: Structure { configuration.structure }
}

/// What decides how many channels each block keeps.
public enum AllocationTarget: Hashable, Sendable {
  /// Each block keeps k = ceil(r * planes), with the greatest r for which the whole network takes at most this many
  /// multiply-accumulates at the input size.
  case macs(Int)
  /// Each block keeps k = ceil(r * planes) for this r.
  case width(Double)
  /// Each block keeps as many channels as leave it at or below the multiply-accumulates of a ResNet's bottleneck of
  /// the same width: the same 1x1 convolutions and shortcut on the same feature map, and between them one 3x3 from
  /// planes to planes. Like the pool of a scale-aggregation block, that block's step stands before everything (in
  /// the first 1x1), so that both differ in the middle only.
  case perBlockMACs
}
