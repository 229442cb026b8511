import FileIO
package import Kernels

/// The fast kernels that this process uses.
package enum FastKernels {
  private static let lock = Lock()
  nonisolated(unsafe) private static var widest: (any KernelSet<Float>)?

  /// Makes wider kernels than the baseline's the ones to use; the command does so before anything else.
  package static func use(_ kernels: any KernelSet<Float>) {
    lock.withLock { unsafe widest = kernels }
  }

  package static var current: any KernelSet<Float> {
    lock.withLock { unsafe widest } ?? baselineKernels()
  }
}
