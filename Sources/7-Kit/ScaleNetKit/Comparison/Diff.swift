public import Comparison
public import FileIO

/// Compares two models, or a model with recorded outputs, on the same inputs; and finds where and why they part.
///
/// - Parameters:
///   - right: the reference of relative errors.
///   - useInputs: called with the inputs of all batches before anything is computed, to save them.
///   - progress: called when a new phase begins.
public func diff(
  _ left: DiffComparand, _ right: DiffComparand, options: DiffOptions = DiffOptions(),
  useInputs: ([[ComparisonInput]]) throws(ScaleNetError) -> Void = { (_) throws(ScaleNetError) in },
  progress: (DiffPhase) -> Void = { _ in }
) throws(ScaleNetError) -> DiffReport {
  let prepared = try DiffPreparation(left: left, right: right, options: options).run()
  try useInputs(prepared.batches)
  let threads = try GraphRunner.threads(options.threads)
  var comparison = ModelComparison(
    left: prepared.left, right: prepared.right, batches: prepared.batches,
    engine: DiffEngine(kernels: FastKernels.current, threads: threads), tolerance: options.tolerance)
  comparison.wantsLayers = options.layers
  comparison.wantsWeights = options.weights
  do throws(ScaleNetError) {
    return try comparison.report(notes: prepared.notes, progress: progress)
  } catch {
    throw error.within("cannot compare with \(left.path.escapedForMessage)").inFile(right.path)
  }
}
