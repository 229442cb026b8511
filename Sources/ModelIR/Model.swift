/// A graph and what is known about where it comes from.
public struct Model: Sendable {
  public var graph: Graph
  /// Key and value pairs in the order in which they are written (ONNX `metadata_props`).
  public var metadata: [(key: String, value: String)]

  public init(graph: Graph, metadata: [(key: String, value: String)] = []) {
    self.graph = graph
    self.metadata = metadata
  }
}
