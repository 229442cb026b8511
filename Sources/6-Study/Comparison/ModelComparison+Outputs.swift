import Execution
import FileIO
import ModelIR

extension ModelComparison {
  /// Runs all batches in float32 and compares the outputs.
  func compareOutputs() throws(ScaleNetError) -> ComparedOutputs {
    guard batchCount(left) == batchCount(right) else {
      throw .differentBatches(left: batchCount(left), right: batchCount(right))
    }
    // One after the other, so that the memory of only one plan is in use.
    let lefts = try results(of: left, isLeft: true)
    let rights = try results(of: right, isLeft: false)
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
    note(outputs.left, outputs.pairs.map(\.left), left.info.path)
    note(outputs.right, outputs.pairs.map(\.right), right.info.path)
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

  private func results(of side: Side, isLeft: Bool) throws(ScaleNetError) -> [[NamedTensor]] {
    switch side.content {
    case .recording(let batches):
      return batches
    case .graph(let graph):
      let inputs = batches.map { $0.arrays(for: graph, isLeft: isLeft) }
      return try on(side) { () throws(ScaleNetError) in try engine.floats(graph, batches: inputs) }
    }
  }
}

/// The outputs of both sides and how they compare.
struct ComparedOutputs {
  /// What each side gave for the first batch, in float32.
  var left: [NamedTensor]
  var right: [NamedTensor]
  var pairs: [OutputPair]
  /// By the left's place.
  var accumulators: [Int: MetricsAccumulator] = [:]
  var agreements: [Int: TopAgreement] = [:]
  var roundings: [Int: DiffReport.Rounding] = [:]
  var notes: [String] = []

  var reports: [DiffReport.Output] {
    pairs.compactMap { pair in
      guard let gathered = accumulators[pair.left] else { return nil }
      return DiffReport.Output(
        name: left[pair.left].name, otherName: right[pair.right].name,
        shape: left[pair.left].tensor.shape.dimensions,
        isWithinTolerance: gathered.distance.isWithinTolerance,
        metrics: gathered.metrics, absoluteTolerance: gathered.distance.absoluteTolerance,
        topOneAgreement: agreements[pair.left]?.first, topFiveAgreement: agreements[pair.left]?.five,
        rounding: roundings[pair.left])
    }
  }
}

/// An output of the left and its counterpart, by their places.
struct OutputPair {
  var left: Int
  var right: Int
  var order: AxisOrder

  /// Pairs by name, then the rest by order and shape. A recording's name may have lost what is no letter or digit.
  static func pairs(_ left: [NamedTensor], _ right: [NamedTensor]) -> [OutputPair] {
    func relation(_ a: Int, _ b: Int) -> AxisOrder? {
      AxisOrder.relations(left[a].tensor.shape.dimensions, right[b].tensor.shape.dimensions).first
    }
    func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    var result: [OutputPair] = []
    var isTaken = [Bool](repeating: false, count: right.count)
    var rest: [Int] = []
    for (index, output) in left.enumerated() {
      let exact = right.indices.first { !isTaken[$0] && right[$0].name == output.name }
      let same = exact ?? right.indices.first { !isTaken[$0] && plain(right[$0].name) == plain(output.name) }
      if let same, let order = relation(index, same) {
        isTaken[same] = true
        result.append(OutputPair(left: index, right: same, order: order))
      } else {
        rest.append(index)
      }
    }
    for index in rest {
      for other in right.indices where !isTaken[other] {
        guard let order = relation(index, other) else { continue }
        isTaken[other] = true
        result.append(OutputPair(left: index, right: other, order: order))
        break
      }
    }
    return result.sorted { $0.left < $1.left }
  }
}
