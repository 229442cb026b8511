public import Analysis
public import FileIO
import Glibc
public import Kernels

/// Compares two models, or a model with recorded outputs, on the same inputs; and finds where and why they part.
///
/// - Parameters:
///   - right: the reference of relative errors.
///   - kernels: what computes in float32; nil for the fastest that this processor can run.
///   - useInputs: called with the inputs of all batches before anything is computed, to save them.
///   - progress: called when a new phase begins.
public func diff(
  _ left: DiffComparand, _ right: DiffComparand, options: DiffOptions = DiffOptions(),
  kernels: (any KernelSet<Float>)? = nil,
  useInputs: ([DiffBatch]) throws(ScaleNetError) -> Void = { (_) throws(ScaleNetError) in },
  progress: (DiffPhase) -> Void = { _ in }
) throws(ScaleNetError) -> DiffReport {
  let prepared = try DiffPreparation(left: left, right: right, options: options).run()
  try useInputs(prepared.batches)
  let threads = options.threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  var comparison = ModelComparison(
    left: prepared.left, right: prepared.right, inputNames: prepared.inputNames,
    engine: DiffEngine(kernels: try given(kernels), threads: threads), tolerance: options.tolerance)
  comparison.wantsLayers = options.layers
  comparison.wantsWeights = options.weights
  do throws(ScaleNetError) {
    return try comparison.report(inputs: prepared.inputs, notes: prepared.notes, progress: progress)
  } catch {
    throw error.within("cannot compare with \(left.path.escapedForMessage)").inFile(right.path)
  }
}
