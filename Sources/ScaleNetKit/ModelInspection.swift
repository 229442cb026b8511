public import Analysis
public import Architectures
import ModelIR

/// What `inspect` says of a model: `schemas/inspect.schema.json` describes its JSON.
public struct ModelInspection: Sendable, Codable {
  public struct Input: Sendable, Codable {
    public var name: String
    public var shape: [Int]
  }

  /// `pytorch` or `onnx`.
  public var format: String
  public var path: String
  /// `ScaleNet`, or what the file says of itself.
  public var architecture: String
  /// `ScaleNet-50`, where the structure is a released one.
  public var variant: String?
  public var classes: Int?
  public var input: Input
  public var totals: CostReport.Totals
  public var blocks: [BlockReport]
  public var layers: [CostReport.Layer]
  public var notes: [String]

  /// Counts a model for one image (or the file's own batch). Weights are not touched, only their shapes.
  public init(_ model: OpenedModel, options: BuildOptions) throws(ScaleNetError) {
    func wrap(_ error: GraphError) -> ScaleNetError { .graph(path: model.path, error) }
    let graph = try model.graph(options)
    let bound = try bridging(wrap) { () throws(GraphError) in try graph.binding(batch: 1) }
    let report = try bridging(wrap) { () throws(GraphError) in try CostReport(bound) }
    format = model.format.rawValue
    path = model.path
    switch model.content {
    case .weights(_, let configuration):
      architecture = configuration.family.rawValue
      variant = configuration.displayName
      classes = configuration.classes
    case .tensors(_, let error):
      throw .architecture(error)
    case .graph(let content):
      architecture = content.metadata.first { $0.key == "architecture" }?.value ?? content.graph.name
      variant = nil
      classes = bound.outputs.count == 1 ? bound[bound.outputs[0]].type.shape?.dimensions.last : nil
    }
    let first = bound.inputs.first
    input = Input(
      name: first.map { bound[$0].name } ?? "",
      shape: first.flatMap { bound[$0].type.shape?.dimensions } ?? [])
    totals = report.totals
    blocks = report.blocks(of: bound)
    layers = report.layers
    notes = model.notes
  }
}
