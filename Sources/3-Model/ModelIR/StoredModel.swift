/// A graph and what is known about where it comes from.
public struct StoredModel: Sendable {
  public var graph: Graph
  /// Key and value pairs in the order in which they are written (ONNX `metadata_props`).
  public var metadata: [(key: String, value: String)]
  /// Whether the file takes and gives images as NHWC; the graph is NCHW in any case.
  public var isChannelsLast: Bool

  public init(graph: Graph, metadata: [(key: String, value: String)] = [], isChannelsLast: Bool = false) {
    self.graph = graph
    self.metadata = metadata
    self.isChannelsLast = isChannelsLast
  }
}
