import Execution
import FileIO
import ModelIR

/// The first pair of values that part, and what is upstream of it.
struct Culprit {
  let aligned: AlignedGraphs
  let pair: ValuePair
  /// The largest error among the inputs that both have; nil if there are none.
  let inputError: Double?
  let outputError: Double

  /// Errors up to here, in Double and as parts of the largest magnitude, are those of weights that were folded and
  /// rounded to float32.
  static let limit = ElementTolerance.foldedWeights.absolute

  /// - Parameter deviations: of each pair, in Double.
  init?(_ aligned: AlignedGraphs, _ deviations: [Deviation]) {
    let found = aligned.pairs.indices.first { deviations[$0].relativeError > Self.limit }
    guard let index = found else { return nil }
    self.aligned = aligned
    pair = aligned.pairs[index]
    outputError = deviations[index].relativeError
    inputError = aligned.inputPairs()[index].map { $0 < 0 ? 0 : deviations[$0].relativeError }.max()
  }

  var report: DiffReport.FirstDivergence {
    let (a, b) = (aligned.left.graph.nodes[pair.leftShown], aligned.right.graph.nodes[pair.rightShown])
    let inputs =
      inputError.map { "inputs agree (relative error \($0.scientific))" } ?? "inputs have no counterparts"
    let output =
      pair.order == nil
      ? "output has another shape, \(shape(aligned.left, pair.leftNode)) against \(shape(aligned.right, pair.rightNode))"
      : "output does not (relative error \(outputError.scientific))"
    return DiffReport.FirstDivergence(
      name: a.name, otherName: b.name, op: a.op.name, otherOp: b.op.name, depth: pair.leftShown,
      inputError: inputError?.ifFinite, outputError: outputError.ifFinite,
      explanation: "Computed in Double, its \(inputs) and its \(output).")
  }

  private func shape(_ view: GraphView, _ node: Int) -> [Int] { view.shape(view.output(node)) }
}
