import CProcessor
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// Safe: mutexes and condition have memory of their own from `init` to `deinit`, because they must not move; the order
// in which the job is written and read is told below.

/// An index that threads take in turns, in cache lines of its own: processors fetch two at a time.
private struct LoopCounter: ~Copyable {
  let value = Atomic<Int>(0)
  private let padding: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)
  private let more: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
}

/// What the threads of a pool share.
///
/// A loop is open to workers until its caller finds no index left; then the caller waits for those that joined. Who comes
/// late finds it closed: on a busy machine nobody waits for a thread that the system does not let run.
///
/// `job` is written before the gate opens, and read by those who joined before it closed.
@safe final class ThreadPoolState: @unchecked Sendable {
  private typealias Body = (Int, Int) -> Void

  /// How often a waiting thread looks before it sleeps: some tens of microseconds.
  private static let spins = 4000

  /// How many workers have joined, whether it is open, and which loop it is: from the lowest bits on.
  private let gate = Atomic<Int>(0)
  private static let openBit = 1 << 16
  private static let joinedBits = openBit - 1
  private static func loop(_ gate: Int) -> Int { gate >> 17 }

  /// The next index of each thread's own part of the loop.
  private let next: UnsafeMutablePointer<LoopCounter>
  /// Threads that there may be, the caller included, and those that there are: as many parts has a loop.
  private let capacity: Int
  private nonisolated(unsafe) var parts = 1
  /// Threads that went to sleep since somebody woke them.
  private let sleepers = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private nonisolated(unsafe) var job: (body: Body, count: Int)?
  private nonisolated(unsafe) var threads: [pthread_t] = []

  /// One caller at a time.
  private let caller = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// - Parameter capacity: the threads that there may be, the caller's own included.
  init(capacity: Int) {
    self.capacity = capacity
    unsafe next = .allocate(capacity: capacity)
    for index in 0..<capacity { unsafe (next + index).initialize(to: LoopCounter()) }
    unsafe caller.initialize(to: pthread_mutex_t())
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe wake.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(caller, nil)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(wake, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(wake)
    unsafe pthread_mutex_destroy(mutex)
    unsafe pthread_mutex_destroy(caller)
    unsafe wake.deallocate()
    unsafe mutex.deallocate()
    unsafe caller.deallocate()
    unsafe next.deinitialize(count: capacity)
    unsafe next.deallocate()
  }

  /// What a new thread is told.
  private final class Start {
    let state: ThreadPoolState
    let worker: Int
    init(_ state: ThreadPoolState, _ worker: Int) {
      self.state = state
      self.worker = worker
    }
  }

  /// Starts a thread; false if the system refuses.
  func startWorker(_ worker: Int) -> Bool {
    let start = unsafe Unmanaged.passRetained(Start(self, worker))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        #if canImport(Darwin)
          let argument: UnsafeMutableRawPointer? = argument
        #endif
        let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        start.state.work(start.worker)
        return nil
      }, unsafe start.toOpaque())
    guard status == 0 else {
      unsafe start.release()
      return false
    }
    #if canImport(Darwin)
      threads.append(thread!)
    #else
      unsafe threads.append(thread)
    #endif
    unsafe parts += 1
    return true
  }

  /// Ends all threads and waits for them.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    wakeAll(always: true)
    for thread in unsafe threads { pthread_join(thread, nil) }
  }

  func run(_ count: Int, _ body: (Int, Int) -> Void) {
    unsafe pthread_mutex_lock(caller)
    defer { unsafe pthread_mutex_unlock(caller) }
    withoutActuallyEscaping(body) { body in
      unsafe job = (body, count)
      for part in unsafe 0..<parts { unsafe next[part].value.store(start(part, count), ordering: .relaxed) }
      let loop = Self.loop(gate.load(ordering: .relaxed)) + 1
      gate.store(loop << 17 | Self.openBit, ordering: .sequentiallyConsistent)
      wakeAll(always: false)
      take(0, count, body)
      gate.bitwiseAnd(~Self.openBit, ordering: .acquiringAndReleasing)
      var turns = 0
      while gate.load(ordering: .acquiring) & Self.joinedBits > 0 {
        processor_pause()
        turns += 1
        if turns > Self.spins { sched_yield() }
      }
      unsafe job = nil
    }
  }

  /// The first index of a thread's own part of a loop.
  private func start(_ part: Int, _ count: Int) -> Int { unsafe (part * count / parts) }

  /// Calls `body` for the thread's own part of the loop, then for what the others have left of theirs.
  ///
  /// The loops of a network go over the same rows one after the other: what a thread wrote in one of them is in its cache
  /// when it reads that in the next.
  private func take(_ worker: Int, _ count: Int, _ body: Body) {
    let parts = unsafe parts
    for distance in 0..<parts {
      let part = (worker + distance) % parts
      let end = start(part + 1, count)
      while true {
        let index = unsafe next[part].value.add(1, ordering: .relaxed).oldValue
        if index >= end { break }
        body(index, worker)
      }
    }
  }

  private func wakeAll(always: Bool) {
    guard sleepers.exchange(0, ordering: .sequentiallyConsistent) > 0 || always else { return }
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(wake)
    unsafe pthread_mutex_unlock(mutex)
  }

  private func work(_ worker: Int) {
    var seen = 0
    while let loop = wait(after: seen) {
      seen = loop
      guard join(loop) else { continue }
      if let job = unsafe job { take(worker, job.count, job.body) }
      gate.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// Joins a loop; false if it is closed.
  private func join(_ loop: Int) -> Bool {
    var known = gate.load(ordering: .acquiring)
    while known & Self.openBit != 0 && Self.loop(known) == loop {
      let (exchanged, original) = gate.weakCompareExchange(
        expected: known, desired: known + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      known = original
    }
    return false
  }

  /// Waits for another loop than `seen`, and says which; nil if the pool ends instead.
  private func wait(after seen: Int) -> Int? {
    for _ in 0..<Self.spins {
      let loop = Self.loop(gate.load(ordering: .acquiring))
      if loop != seen { return loop }
      if isStopping.load(ordering: .acquiring) { return nil }
      processor_pause()
    }
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      // Said before looking: either the caller of the next loop sees a sleeper, or its loop is seen here.
      sleepers.add(1, ordering: .sequentiallyConsistent)
      let loop = Self.loop(gate.load(ordering: .sequentiallyConsistent))
      if loop != seen { return loop }
      if isStopping.load(ordering: .acquiring) { return nil }
      unsafe pthread_cond_wait(wake, mutex)
    }
  }
}
