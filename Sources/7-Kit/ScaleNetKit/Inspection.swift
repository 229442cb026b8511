import Architectures
import FileIO
public import Inspection
import ModelIR

/// What a model is made of: blocks, channels, parameters, MACs and FLOPs.
public struct Inspection: Sendable {
  /// Everything that was counted; `schemas/inspect.schema.json` describes its JSON.
  public let report: InspectionReport
  private let graph: Graph

  init(report: InspectionReport, graph: Graph) {
    self.report = report
    self.graph = graph
  }

  /// The residual blocks, in the order in which they run.
  public var blocks: [BlockReport] { report.blocks }
  /// Sums over all layers.
  public var totals: CostReport.Totals { report.totals }
  /// All nodes, in the order in which they run.
  public var layers: [CostReport.Layer] { report.layers }

  /// The block to draw; nil where the graph has none. Found anew each time.
  package var block: BlockGraph? { BlockGraph(representing: graph) }
}

extension Model {
  /// Counts the model for one image, or for the file's own batch. Weights are not touched, only their shapes.
  ///
  /// - Parameters:
  ///   - options: how the graph is made.
  ///   - reference: what the model must reproduce; nil for nothing.
  /// - Throws: if there is no graph to count, or an extent other than the batch is open; if the reference is not
  ///   reproduced.
  public func inspect(
    _ options: GraphOptions = GraphOptions(), reference: ReferenceRecording? = nil
  ) throws(ScaleNetError) -> Inspection {
    let shown = try reference.map { (recording) throws(ScaleNetError) in try check(recording, options) }
    var family = architecture
    var variant: String?
    var classes: Int?
    var scales: ScaleTable?
    var names: Set<String>?
    if case .weights(let weights, let network) = content {
      names = Set(weights.names)
      (family, variant, classes) = (network.family.rawValue, network.displayName, network.classes)
      scales = network.scaleTable
    }
    let graph = try graph(options)
    let open = graph.openImageExtents
    guard open.isEmpty else { throw .openSize(open, path: path) }
    do throws(ScaleNetError) {
      let bound = try graph.binding(batch: 1)
      if case .graph = content, bound.outputs.count == 1, let shape = bound[bound.outputs[0]].type.shape,
        shape.rank == 2
      {
        classes = shape[1]
      }
      let images = try statedImageMetadata()
      var report = try InspectionReport(
        bound, format: format.rawValue, path: path, architecture: family, variant: variant, classes: classes,
        isChannelsLast: imageLayout == "NHWC", scales: scales, weights: names, notes: notes)
      report.assumptions = assumptions(options, of: graph)
      report.reference = shown
      report.preprocessing = preprocessing
      report.images = images.summary
      report.labels = images.labels?.count
      report.graph = summary
      report.notes += Self.boundExtents(graph)
      if format != .keras, images.inGraph?.layout == .nhwc { report.input.layout = "NHWC" }
      try files.checkUnchanged()
      return Inspection(report: report, graph: bound)
    } catch {
      throw error.inFile(path)
    }
  }

  /// A sentence where extents other than a batch are taken as 1.
  private static func boundExtents(_ graph: Graph) -> [String] {
    let batches = graph.inputs.compactMap { graph[$0].type.dimensions.first }
    var names: [String] = []
    for id in graph.inputs {
      for dimension in graph[id].type.dimensions.dropFirst()
      where dimension.value == nil && !batches.contains(dimension) && !names.contains("\(dimension)") {
        names.append("\(dimension)")
      }
    }
    guard !names.isEmpty else { return [] }
    return ["counted with 1 for the open \(names.map(\.escapedForMessage).joined(separator: ", "))"]
  }
}
