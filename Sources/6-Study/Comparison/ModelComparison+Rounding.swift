import Execution
import FileIO
import Glibc
import ModelIR

extension ModelComparison {
  /// How much larger a difference may be than what float32 adds to each side, and still be rounding: sums of many
  /// terms differ by chance.
  static let roundingFactor = 4.0

  /// Runs the first batch in Double, and tells rounding from a real difference.
  func addRounding(to outputs: inout ComparedOutputs, _ report: inout DiffReport) throws(ScaleNetError) {
    func doubles(_ side: Side, isLeft: Bool) throws(ScaleNetError) -> [NamedTensor]? {
      guard let graph = side.graph else { return nil }
      // Plans in Double are the largest pieces of memory there are; holes that float32 left are of no use to them.
      LargeMemory.giveBack()
      defer { LargeMemory.giveBack() }
      return try on(side) { () throws(ScaleNetError) in
        try Self.onFloats(graph) { (graph) throws(ScaleNetError) in
          [try engine.doubles(graph, inputs(isLeft: isLeft))]
        }[0]
      }
    }
    let lefts = try doubles(left, isLeft: true)
    let rights = try doubles(right, isLeft: false)
    guard lefts != nil || rights != nil else { return }
    var isRounding = true
    var hasDigits = true
    // Where no element is finite on either side, nothing is known of what the other computes.
    guard outputs.pairs.contains(where: { outputs.accumulators[$0.left]?.distance.provesNothing == false })
    else {
      return
    }
    for pair in outputs.pairs {
      func exact(_ outputs: [NamedTensor]?, _ index: Int) -> NamedTensor? {
        outputs.flatMap { index < $0.count ? $0[index] : nil }
      }
      let (a, b) = (outputs.left[pair.left], outputs.right[pair.right])
      let (exactA, exactB) = (exact(lefts, pair.left), exact(rights, pair.right))
      // A recording is held against the other side's exact result.
      let leftError = try error(a, exactA ?? exactB, exactA == nil ? pair.order : .same)
      let rightError = try error(b, exactB ?? exactA, exactB == nil ? pair.order.inverse : .same)
      var doubleError: Double?
      if let exactA, let exactB { doubleError = try error(exactA, exactB, pair.order) }
      outputs.roundings[pair.left] = DiffReport.Rounding(
        leftError: leftError?.ifFinite, rightError: rightError?.ifFinite, doubleError: doubleError?.ifFinite)
      let own = exactA == nil ? rightError ?? 0 : leftError ?? 0
      let other = exactA == nil ? leftError ?? 0 : rightError ?? 0
      // Of a recording nothing else is known than that it is as near as float32 comes.
      let limit =
        doubleError == nil
        ? Self.roundingFactor * max(own, 1e-7) : Self.roundingFactor * max(own + other, 1e-7)
      if (doubleError ?? other) > limit {
        isRounding = false
        if !isByDigits(pair, a, b, exactA, exactB, limit) { hasDigits = false }
      }
    }
    if !isRounding, hasDigits, outputs.unrelated.isEmpty, let digits = left.digits ?? right.digits {
      outputs.digits = digits
      // Fewer than trtexec writes may be chance.
      report.kind = digits >= Self.trtexecDigits ? .rounding : nil
      return
    }
    guard isRounding, outputs.unrelated.isEmpty else {
      // That a recording alone is not finite, other arithmetic may have done.
      let isFinite = outputs.roundings.values.allSatisfy { $0.leftError != nil && $0.rightError != nil }
      report.kind = lefts != nil && rights != nil || report.verdict == .differ && isFinite ? .real : nil
      return
    }
    report.kind = .rounding
    // A number near the middle between two steps goes either way: of outputs in steps, Double too is off by whole
    // steps, and that both are off by as much says nothing of what they are.
    let isInSteps = (own: Self.isInSteps(left), other: Self.isInSteps(right))
    let errors = outputs.roundings.values.map {
      $0.doubleError ?? max($0.leftError ?? .infinity, $0.rightError ?? .infinity)
    }
    guard (errors.max() ?? .infinity) > Tolerance.foldedWeights.absolute else { return }
    if lefts != nil, rights != nil, isInSteps.own != isInSteps.other {
      report.kind = .real
    } else if isInSteps.own || isInSteps.other {
      report.kind = nil
    }
  }

  /// This comparison with another graph on one side.
  func replacing(_ graph: Graph, isLeft: Bool) -> ModelComparison {
    var result = self
    if isLeft { result.left.content = .graph(graph) } else { result.right.content = .graph(graph) }
    return result
  }

  /// Whether no more than rounding differs, and the outputs.
  ///
  /// - Parameter report: what was said of the comparison that this one was made of.
  func isRounding(_ report: DiffReport) throws(ScaleNetError) -> (isSo: Bool, outputs: ComparedOutputs) {
    var outputs = try compareOutputs()
    var probe = report
    try addRounding(to: &outputs, &probe)
    return (probe.kind == .rounding, outputs)
  }

  /// As many significant digits has what C++ writes unasked.
  private static let trtexecDigits = 6

  /// Whether a recording is as far from what the other side gives in Double as the digits that it has explain.
  ///
  /// - Parameter limit: what rounding in float32 explains beside, as a part of the largest.
  private func isByDigits(
    _ pair: OutputPair, _ a: NamedTensor, _ b: NamedTensor, _ exactA: NamedTensor?, _ exactB: NamedTensor?,
    _ limit: Double
  ) -> Bool {
    let (recorded, exact, digits, order) =
      exactA == nil ? (a, exactB, left.digits, pair.order) : (b, exactA, right.digits, pair.order.inverse)
    guard exactA == nil || exactB == nil, let exact, let digits,
      let ordered = order.apply(to: exact.tensor, shape: recorded.tensor.shape),
      let found = try? recorded.tensor.doubles(), let expected = try? ordered.doubles()
    else { return false }
    let largest = expected.lazy.filter(\.isFinite).map(abs).max() ?? 0
    let unit = 5 * pow(10, -Double(digits))
    return zip(found, expected).allSatisfy { abs($0 - $1) <= unit * abs($0) + limit * largest || $0 == $1 }
  }

  static func isInSteps(_ side: Side) -> Bool {
    side.graph?.nodes.contains { $0.op.isOnIntegers } ?? false
  }

  private func error(
    _ a: NamedTensor, _ b: NamedTensor?, _ order: AxisOrder
  ) throws(ScaleNetError) -> Double? {
    guard let b, let ordered = order.apply(to: b.tensor, shape: a.tensor.shape),
      ordered.shape == a.tensor.shape
    else { return nil }
    let own = try on(left) { () throws(ScaleNetError) in try a.tensor.doubles(of: a.name) }
    let others = try on(right) { () throws(ScaleNetError) in try ordered.doubles(of: b.name) }
    return Distance(own, others, .exact).relativeError
  }
}
