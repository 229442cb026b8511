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
