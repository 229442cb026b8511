public import Analysis
import Execution
public import Kernels

/// Compares two models, or a model with recorded outputs, on the same inputs; and finds where and why they part.
///
/// - Parameters:
///   - right: the reference of relative errors.
///   - kernels: what computes in float32.
///   - useInputs: called with the inputs of all batches before anything is computed, to save them.
///   - progress: called when a new phase begins.
public func diff(
  _ left: DiffComparand, _ right: DiffComparand, options: DiffOptions = DiffOptions(),
  kernels: any KernelSet<Float> = baselineKernels(),
  useInputs: ([DiffBatch]) throws(ScaleNetError) -> Void = { (_) throws(ScaleNetError) in },
  progress: (DiffPhase) -> Void = { _ in }
) throws(ScaleNetError) -> DiffReport {
  throw .unsupported(path: left.path, operation: "compare", reason: "no comparison stands behind this yet")
}
