/// A fixed number of threads that share the indices of a loop.
///
/// Threads wait a moment for the next loop before they sleep: the loops of a network follow each other within
/// microseconds. Loops of several callers run one after the other; a loop inside of a loop is not allowed.
public final class ThreadPool: Sendable {
  /// The number of threads that work, the caller's own included.
  public let count: Int
  private let state: ThreadPoolState

  /// `count` is at least 1. Threads that the system refuses to start are done without.
  public init(count: Int) {
    precondition(count > 0)
    state = ThreadPoolState(capacity: count)
    var workers = 1
    while workers < count {
      guard state.startWorker(workers) else { break }
      workers += 1
    }
    self.count = workers
  }

  deinit { state.stop() }

  /// Calls `body` once for each index below `count`, and returns when all calls have.
  ///
  /// `worker` tells which thread calls, from 0 up to the pool's count: the place of its scratch memory.
  public func parallelFor(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    guard count > 1, self.count > 1 else {
      for index in 0..<count { body(index, 0) }
      return
    }
    state.run(count, body)
  }

  /// Calls `body` for ranges that cover `0..<count`, each of at least `least` indices unless it is the only one.
  public func parallelRanges(_ count: Int, least: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) {
    guard count > 0 else { return }
    let parts = self.count == 1 ? 1 : max(1, min(count / max(least, 1), self.count * 4))
    parallelFor(parts) { part, worker in
      body(part * count / parts..<(part + 1) * count / parts, worker)
    }
  }
}
