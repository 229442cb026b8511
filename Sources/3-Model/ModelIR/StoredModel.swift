package import FileIO

/// A graph and what is known about where it comes from.
public struct StoredModel: Sendable {
  /// NCHW, whatever the file has.
  public var graph: Graph
  /// Key and value pairs in the order in which they are written (ONNX `metadata_props`).
  public var metadata: [(key: String, value: String)]
  /// Whether the file takes and gives images as NHWC; the graph is NCHW in any case.
  public var isChannelsLast: Bool
  /// What was assumed while the file was read, a sentence each, without a full stop.
  public var notes: [String]
  /// Versions and producer of an ONNX file; nil for other formats.
  public var versions: ONNXVersions?
  /// What the file says of itself; nil for a graph that was made in memory.
  public var summary: GraphSummary?
  /// The mapped files that were read, which no output may replace: the model's, and those of its external data.
  package var files: [ByteRegion] = []

  public init(
    graph: Graph, metadata: [(key: String, value: String)] = [], isChannelsLast: Bool = false,
    notes: [String] = []
  ) {
    self.notes = notes
    self.graph = graph
    self.metadata = metadata
    self.isChannelsLast = isChannelsLast
  }

  /// A model of files.
  package init(
    graph: Graph, metadata: [(key: String, value: String)], notes: [String], files: [ByteRegion]
  ) {
    self.init(graph: graph, metadata: metadata, notes: notes)
    self.files = files
  }
}
