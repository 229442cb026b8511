/// What kind of residual block a block is, told from the graph.
public enum BlockKind: String, Sendable, Codable, Hashable, CaseIterable {
  /// ScaleNet's: 1x1, convolutions at several scales side by side, 1x1.
  case scaleAggregation = "scale_aggregation"
  /// ResNet's two convolutions of one kernel size.
  case basic
  /// ResNet's 1x1, 3x3, 1x1; ResNeXt's if the middle convolution has groups.
  case bottleneck
}
