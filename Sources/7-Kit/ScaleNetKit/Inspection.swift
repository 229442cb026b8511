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
  /// - Throws: if there is no graph to count, or an extent other than the batch is open.
  public func inspect(_ options: GraphOptions = GraphOptions()) throws(ScaleNetError) -> Inspection {
    var family = architecture
    var variant: String?
    var classes: Int?
    if case .weights(_, let network) = content {
      (family, variant, classes) = (network.family.rawValue, network.displayName, network.classes)
    }
    let graph = try graph(options)
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
        notes: notes)
      report.preprocessing = images.summary
      report.labels = images.labels?.count
      if format != .keras, images.inGraph?.layout == .nhwc { report.input.layout = "NHWC" }
      return Inspection(report: report, graph: bound)
    } catch {
      throw error.inFile(path)
    }
  }
}
