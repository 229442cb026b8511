package import FileIO
package import ModelIR

/// What `inspect` says of one model; `schemas/inspect.schema.json` describes its JSON.
public struct InspectionReport: Sendable, Codable, Hashable {
  /// The image that the network takes.
  public struct Input: Sendable, Codable, Hashable {
    /// The name of the graph's input.
    public var name: String
    /// In the order of `layout`.
    public var shape: [Int]
    /// `NCHW`, or `NHWC` where the file says that its graph takes images so.
    public var layout: String

    package init(name: String, shape: [Int], layout: String = "NCHW") {
      self.name = name
      self.shape = shape
      self.layout = layout
    }
  }

  /// The format's short name, such as `onnx`; `built-in` for a network without a file.
  public var format: String
  /// The file, `arch:NAME` for a built-in network, or what a model in memory was called.
  public var path: String
  /// The family, such as `ScaleNet`, or what the file says of itself.
  public var architecture: String
  /// The published network that this is, such as `ScaleNet-50`; nil if none.
  public var variant: String?
  /// Width of the final layer; nil for a backbone.
  public var classes: Int?
  /// The first input of the graph, which costs are stated for.
  public var input: Input
  /// Sums over all layers.
  public var totals: CostReport.Totals
  /// The residual blocks, in the order in which they run.
  public var blocks: [BlockReport]
  /// All nodes, in the order in which they run.
  public var layers: [CostReport.Layer]
  /// What the file says of how images are prepared, in the graph and before it; nil if it says nothing.
  public var preprocessing: String?
  /// How many classes the file has names for; nil for none.
  public var labels: Int?
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]

  /// Counts a graph all of whose extents are known (`Graph.binding(batch:)`). Weights are not read, only their shapes.
  package init(
    _ graph: Graph, format: String, path: String, architecture: String, variant: String? = nil,
    classes: Int? = nil, notes: [String] = []
  ) throws(ScaleNetError) {
    let report = try CostReport(graph)
    let first = graph.inputs.first
    self.format = format
    self.path = path
    self.architecture = architecture
    self.variant = variant
    self.classes = classes
    input = Input(
      name: first.map { graph[$0].name } ?? "",
      shape: first.flatMap { graph[$0].type.shape?.dimensions } ?? [])
    totals = report.totals
    blocks = report.blocks(of: graph)
    layers = report.layers
    self.notes = notes
  }

  /// The variant, or the family where it is none.
  public var displayName: String { variant ?? architecture }
}
