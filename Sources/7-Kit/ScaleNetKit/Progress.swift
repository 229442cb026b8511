import FileIO
import Synchronization

/// How far an operation has come. Every operation that may take a while tells it to a closure:
///
/// ```swift
/// try model.convert(to: "model.onnx") { progress in
///   print(progress.phase, progress.completed, progress.total ?? "")
///   if userHasLeft { progress.cancel() }
/// }
/// ```
public struct Progress: Sendable {
  /// What is being done.
  public enum Phase: String, Sendable, CaseIterable {
    /// Opening a source.
    case reading
    /// Running the source on a recording's inputs.
    case checkingReference = "checking the reference"
    /// Making a graph of weights, and passes over it.
    case building
    /// Writing the output under its temporary name.
    case writing
    /// Reading the output back, running it and comparing it with the source.
    case verifying
    /// Forward passes in float.
    case running
    /// Finding which intermediate values of two graphs correspond.
    case aligning
    /// Trying causes of a difference by undoing each.
    case explaining
    /// Forward passes in Double, which tell rounding from error.
    case runningInDouble = "running in Double"
    /// Comparing parameters, after layouts and folding are undone.
    case comparingWeights = "comparing weights"
    /// What lower precision costs each layer.
    case measuringPrecision = "measuring precision"
  }

  /// What is being done now.
  public let phase: Phase
  /// How many parts of the phase are done, such as runs of a benchmark.
  public let completed: Int
  /// How many parts the phase has; nil if it has none that are counted.
  public let total: Int?
  private let cancellation: Cancellation

  init(_ phase: Phase, completed: Int, total: Int?, _ cancellation: Cancellation) {
    self.phase = phase
    self.completed = completed
    self.total = total
    self.cancellation = cancellation
  }

  /// Gives the operation up: at its next step it ends with an error of the kind `cancelled`, and leaves nothing behind.
  public func cancel() { cancellation.cancel() }
}

/// Called as an operation goes on, on the thread that does the work.
public typealias ProgressHandler = @Sendable (Progress) -> Void

/// A wish to stop, made on any thread.
final class Cancellation: Sendable {
  private let isCancelled = Atomic(false)

  func cancel() { isCancelled.store(true, ordering: .releasing) }

  /// Fails if somebody wishes to stop.
  func check() throws(ScaleNetError) {
    if isCancelled.load(ordering: .acquiring) { throw ScaleNetError(.cancelled, reason: "cancelled") }
  }
}

/// What an operation tells its progress to.
struct ProgressReporter: Sendable {
  private let handler: ProgressHandler?
  private let cancellation: Cancellation

  init(_ handler: ProgressHandler?, _ cancellation: Cancellation = Cancellation()) {
    self.handler = handler
    self.cancellation = cancellation
  }

  /// Tells how far the work has come, and fails if it was cancelled.
  func report(_ phase: Progress.Phase, completed: Int = 0, total: Int? = nil) throws(ScaleNetError) {
    handler?(Progress(phase, completed: completed, total: total, cancellation))
    try cancellation.check()
  }

  /// Fails if the work was cancelled.
  func check() throws(ScaleNetError) { try cancellation.check() }
}

/// Does work on a thread of its own, so that no thread of Swift's pool waits for it, and passes the cancellation of the
/// task on.
func detached<Result: Sendable>(
  _ progress: ProgressHandler?,
  _ body: @escaping @Sendable (ProgressReporter) throws(ScaleNetError) -> Result
) async throws(ScaleNetError) -> Result {
  let cancellation = Cancellation()
  let reporter = ProgressReporter(progress, cancellation)
  let result: Swift.Result<Result, ScaleNetError> = await withTaskCancellationHandler {
    if Task.isCancelled { cancellation.cancel() }
    return await withCheckedContinuation { continuation in
      BackgroundTask.detach {
        do throws(ScaleNetError) {
          try reporter.check()
          continuation.resume(returning: .success(try body(reporter)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
  } onCancel: {
    cancellation.cancel()
  }
  return try result.get()
}
