import Execution
import ModelIR

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
        shape: left[pair.left].tensor.shape.dimensions, isWithinTolerance: gathered.isWithinTolerance,
        metrics: gathered.metrics, absoluteTolerance: gathered.absoluteTolerance,
        topOneAgreement: agreements[pair.left]?.first, topFiveAgreement: agreements[pair.left]?.five,
        rounding: roundings[pair.left])
    }
  }
}
