public import Architectures
public import FileIO
public import Inspection
import ModelIR

/// What `inspect` shows of a model.
public struct Inspection: Sendable {
  public let report: InspectionReport
  private let graph: Graph

  init(report: InspectionReport, graph: Graph) {
    self.report = report
    self.graph = graph
  }

  /// The block to draw; nil where the graph has none. Found anew each time.
  public var block: BlockGraph? { BlockGraph(representing: graph) }
}

extension OpenedModel {
  /// Counts the model for one image (or the file's own batch). Weights are not touched, only their shapes.
  public func inspection(_ options: BuildOptions = BuildOptions()) throws(ScaleNetError) -> Inspection {
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
      let report = try InspectionReport(
        bound, format: format.rawValue, path: path, architecture: family, variant: variant, classes: classes,
        notes: notes)
      return Inspection(report: report, graph: bound)
    } catch {
      throw error.inFile(path)
    }
  }
}
