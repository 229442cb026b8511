public import Execution
public import ModelIR

/// One side of a comparison as the core takes it: a graph with its inputs, or the outputs that something else
/// computed.
public struct DiffSubject: Sendable {
  public enum Content: Sendable {
    /// A graph all of whose extents are known, and what its inputs are in each batch.
    case graph(Graph, inputs: [[String: Tensor]])
    /// The outputs of each batch.
    case recording([[NamedTensor]])
  }

  public var side: DiffReport.Side
  public var content: Content

  public init(side: DiffReport.Side, content: Content) {
    self.side = side
    self.content = content
  }

  var graph: Graph? {
    if case .graph(let graph, _) = content { graph } else { nil }
  }

  /// What the graph's inputs are in a batch.
  func inputs(of batch: Int) -> [String: Tensor] {
    if case .graph(_, let inputs) = content { inputs[batch] } else { [:] }
  }

  var batchCount: Int {
    switch content {
    case .graph(_, let inputs): inputs.count
    case .recording(let batches): batches.count
    }
  }
}
