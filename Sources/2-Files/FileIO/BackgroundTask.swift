import Glibc

// Safe: the thread takes over the one reference that it is given; where it could not be started, that is released
// here.

/// One piece of work on a thread of its own, whose result is waited for once.
@safe package final class BackgroundTask<Value: Sendable> {
  /// What the thread does, and what comes of it: the thread's until it has ended, then the task's.
  private final class Work: ThreadBody, @unchecked Sendable {
    let body: @Sendable () -> Value
    var result: Value?

    init(_ body: @escaping @Sendable () -> Value) {
      self.body = body
    }

    override func run() { result = body() }
  }

  private let work: Work
  private var thread: pthread_t?

  /// Begins the work. Where no thread can be had it is done at once.
  package init(_ body: @escaping @Sendable () -> Value) {
    work = Work(body)
    var thread = pthread_t()
    let argument = unsafe Unmanaged<ThreadBody>.passRetained(work)
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, argument.toOpaque())
    if status == 0 {
      self.thread = thread
    } else {
      unsafe argument.release()
      work.run()
    }
  }

  deinit { join() }

  /// Does work on a thread of its own that nobody waits for. Where no thread can be had it is done at once.
  package static func detach(_ body: @escaping @Sendable () -> Value) where Value == Void {
    let task = BackgroundTask(body)
    if let thread = task.thread { pthread_detach(thread) }
    task.thread = nil
  }

  /// Waits for the work and gives its result.
  package func value() -> Value {
    join()
    guard let result = work.result else { preconditionFailure("the thread ended without a result") }
    return result
  }

  private func join() {
    if let thread { pthread_join(thread, nil) }
    thread = nil
  }
}

/// What a thread runs; without type parameters, so that a C function can call it.
private class ThreadBody {
  func run() {}
}
