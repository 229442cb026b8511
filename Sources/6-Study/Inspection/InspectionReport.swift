public import Architectures
package import FileIO
public import ModelIR

/// What `inspect` says of one model; `schemas/inspect.schema.json` describes its JSON.
public struct InspectionReport: Sendable, Codable, Hashable {
  /// The image that the network takes.
  public struct Input: Sendable, Codable, Hashable {
    /// The name of the graph's input.
    public var name: String
    /// As the model's file has it.
    public var shape: [Int]
    /// The order of the axes of an image in the model's file: `NCHW`, or `NHWC` for a Keras model with channels last;
    /// nil where the input is no image.
    public var layout: String?

    package init(name: String, shape: [Int], layout: String? = nil) {
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
  /// The scales of the blocks, and how they come about; nil for a network of one scale.
  public var scales: ScaleTable?
  /// All nodes, in the order in which they run.
  public var layers: [CostReport.Layer]
  /// What the file's metadata say of how images are prepared, in the graph and before it; nil if they say nothing.
  public var images: String?
  /// How many classes the file has names for; nil for none.
  public var labels: Int?
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]
  /// What the graph has that weights do not tell; empty for a file that holds a graph.
  public var assumptions: [Assumption] = []
  /// The recording that shows that the assumptions hold; nil if none was given.
  public var reference: ReferenceReport?
  /// How images were prepared for the network; nil where nothing says it.
  public var preprocessing: StatedPreprocessing?
  /// What the file says of its graph; nil for files without one.
  public var graph: GraphSummary?

  /// Counts a graph all of whose extents are known (`Graph.binding(batch:)`). Weights are not read, only their shapes.
  ///
  /// - Parameter weights: the names of the tensors that a file holds; nil where all that the graph stores may be some.
  package init(
    _ graph: Graph, format: String, path: String, architecture: String, variant: String? = nil,
    classes: Int? = nil, isChannelsLast: Bool = false, scales: ScaleTable? = nil, weights: Set<String>? = nil,
    notes: [String] = []
  ) throws(ScaleNetError) {
    let report = try CostReport(graph, weights: weights)
    let first = graph.inputs.first
    self.format = format
    self.path = path
    self.architecture = architecture
    self.variant = variant
    self.classes = classes
    let shape = first.flatMap { graph[$0].type.shape?.dimensions } ?? []
    let isImage = shape.count == 4
    // Of a graph that nobody arranged.
    let isLastThere = isImage && !isChannelsLast && TensorType.imageAxes(shape) == 1..<3
    input = Input(
      name: first.map { graph[$0].name } ?? "",
      shape: isImage && isChannelsLast ? [shape[0], shape[2], shape[3], shape[1]] : shape,
      layout: isImage ? isChannelsLast || isLastThere ? "NHWC" : "NCHW" : nil)
    totals = report.totals
    blocks = report.blocks(of: graph)
    self.scales = scales ?? ScaleTable(blocks)
    layers = report.layers
    self.notes = notes
  }

  /// The variant, or the family where it is none.
  public var displayName: String { variant ?? architecture }

  /// What was assumed and what shows it, and how images were prepared: whole lines, however wide.
  package var assumptionLines: [String] {
    var lines: [String] = []
    let shown = reference.map {
      "reproduces \($0.path.escapedForMessage) to \($0.largestRelativeError.scientific) of the largest output"
    }
    if !assumptions.isEmpty {
      lines.append(
        "assumed \(assumptions.text); " + (shown.map { "confirmed: \($0)" } ?? "only --reference can show it")
      )
    } else if let shown {
      lines.append(shown)
    }
    if let preprocessing { lines.append("images \(preprocessing.text.escapedForMessage)") }
    return lines
  }
}

extension ScaleTable {
  /// What the scale-aggregation blocks of a graph tell; nil if there are none.
  fileprivate init?(_ blocks: [BlockReport]) {
    let own = blocks.filter { $0.kind == .scaleAggregation }
    guard !own.isEmpty else { return nil }
    self.init(
      origins: [.pools], join: .concatenation, scales: BlockRecognizer.pools.map { "\($0)" },
      blocks: own.map { Block(name: $0.name, channels: $0.channels) })
  }
}
