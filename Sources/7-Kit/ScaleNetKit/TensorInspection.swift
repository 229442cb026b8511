import Architectures
import FileIO
public import Inspection
import ModelIR

extension Model {
  /// Whether the model is tensors of no known network, so that `inspect(_:)` has nothing to count and `inspectTensors` is
  /// what can be said.
  public var isTensorsOnly: Bool {
    if case .tensors = content { true } else { false }
  }

  /// What tensors a model has: the weights of a checkpoint, the initializers of a graph. It needs no known network.
  ///
  /// - Parameter readsElements: whether all elements are read for the least, the largest, the mean and what is not finite;
  ///   otherwise only names and shapes are.
  /// - Throws: if elements can't be read.
  public func inspectTensors(readsElements: Bool = true) throws(ScaleNetError) -> TensorReport {
    var reason: String?
    var advice: String?
    if case .tensors(_, var error) = content {
      if case .setInputSize? = error.remedy { advice = "--input-size gives heights and widths" }
      // The report tells the file itself.
      error.path = nil
      error.places = []
      error.remedy = nil
      reason = error.message(
        in: ScaleNetError.Vocabulary(option: { $0 }, remedy: { _ in "" }, more: ""))
    }
    var report = try TensorReport(
      tensors, format: format.rawValue, path: path, architecture: architecture,
      reason: advice.map { (reason ?? "") + "; \($0)" } ?? reason, notes: notes, readsElements: readsElements)
    report.graph = summary
    return report
  }
}
