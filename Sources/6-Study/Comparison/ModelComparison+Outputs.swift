import Execution
import FileIO
import ModelIR

extension ModelComparison {
  /// Runs all batches in float32 and compares the outputs.
  func compareOutputs() throws(ScaleNetError) -> ComparedOutputs {
    guard left.batchCount == right.batchCount else {
      throw .differentBatches(left: left.batchCount, right: right.batchCount)
    }
    // One after the other, so that the memory of only one plan is in use.
    let lefts = try results(of: left)
    let rights = try results(of: right)
    guard let first = lefts.first, let other = rights.first else {
      throw .differentBatches(left: lefts.count, right: rights.count)
    }
    var outputs = ComparedOutputs(left: first, right: other, pairs: OutputPair.pairs(first, other))
    guard !outputs.pairs.isEmpty else {
      func describe(_ outputs: [NamedTensor]) -> [String] { outputs.map { "\($0.name) \($0.tensor.shape)" } }
      throw .differentOutputs(left: describe(first), right: describe(other))
    }
    addNotes(to: &outputs)
    for pair in outputs.pairs {
      var gathered = MetricsAccumulator(tolerance)
      var agreement = TopAgreement()
      for batch in lefts.indices {
        guard pair.left < lefts[batch].count, pair.right < rights[batch].count else { continue }
        let (a, b) = try floats(lefts[batch][pair.left], rights[batch][pair.right], pair.order)
        let shape = lefts[batch][pair.left].tensor.shape.dimensions
        gathered.add(a, b, shape: shape)
        if shape.count == 2, shape[1] > 1 { agreement.add(a, b, columns: shape[1]) }
      }
      outputs.accumulators[pair.left] = gathered
      outputs.agreements[pair.left] = agreement
    }
    return outputs
  }

  private func addNotes(to outputs: inout ComparedOutputs) {
    func note(_ names: [NamedTensor], _ taken: [Int], _ path: String) {
      for (index, output) in names.enumerated() where !taken.contains(index) {
        outputs.notes.append(
          "output \(output.name.escapedForMessage) of \(path) has no counterpart and was not compared")
      }
    }
    note(outputs.left, outputs.pairs.map(\.left), left.side.path)
    note(outputs.right, outputs.pairs.map(\.right), right.side.path)
    for pair in outputs.pairs {
      let name = outputs.left[pair.left].name.escapedForMessage
      switch pair.order {
      case .same: break
      case .permuted:
        outputs.notes.append(
          "output \(name) has its axes in another order on the right, \(pair.order.otherLayout ?? "")")
      case .squeezed:
        outputs.notes.append(
          "output \(name) is \(outputs.left[pair.left].tensor.shape) on the left and "
            + "\(outputs.right[pair.right].tensor.shape) on the right: the same but for extents of 1")
      }
    }
  }

  /// Both arrays, the right in the left's order.
  func floats(
    _ a: NamedTensor, _ b: NamedTensor, _ order: AxisOrder
  ) throws(ScaleNetError) -> ([Float], [Float]) {
    guard let ordered = order.apply(to: b.tensor, shape: a.tensor.shape), ordered.shape == a.tensor.shape
    else {
      throw .differentOutputs(left: ["\(a.name) \(a.tensor.shape)"], right: ["\(b.name) \(b.tensor.shape)"])
    }
    let own = try on(left) { () throws(ScaleNetError) in try a.tensor.floats(of: a.name) }
    return (own, try on(right) { () throws(ScaleNetError) in try ordered.floats(of: b.name) })
  }

  private func results(of subject: DiffSubject) throws(ScaleNetError) -> [[NamedTensor]] {
    switch subject.content {
    case .recording(let batches):
      return batches
    case .graph(let graph, let inputs):
      return try on(subject) { () throws(ScaleNetError) in try engine.floats(graph, batches: inputs) }
    }
  }
}
