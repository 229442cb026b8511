import Glibc
import Synchronization

// Safe: handlers read atomic words and memory that is filled before they are installed, and call only what may be
// called from them; a path is freed after its entry is gone.

/// The temporaries that have a name now, so that a program ended by a signal can remove them.
package enum TemporaryFiles {
  /// Each entry is the address of a path, a C string.
  private static let paths = SignalTable()
  /// How many sets of files take their names at this moment.
  private static let renaming = Atomic<Int>(0)
  /// The signal that came meanwhile.
  private static let pending = Atomic<Int32>(0)
  /// What signals of faults did before.
  private static nonisolated(unsafe) let previous = {
    let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    unsafe actions.initialize(repeating: sigaction(), count: 65)
    return unsafe actions
  }()

  /// Removes all temporaries when SIGINT, SIGTERM or SIGHUP ends the process, which then dies of that signal; a set of
  /// files that takes its names at that moment is completed before. Also when the process fails: what comes behind a
  /// lack of memory or a mistake of ours still comes. A file size limit becomes a failed write instead of SIGXFSZ. For
  /// programs; a library's host decides itself.
  package static func removeOnTermination() {
    _ = paths
    _ = unsafe previous
    _ = renaming.load(ordering: .relaxed)
    _ = pending.load(ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      // Who starts a program with a signal ignored (nohup) means it.
      unsafe sigaction(number, nil, &action)
      if isIgnored(action) { continue }
      action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { number in
        TemporaryFiles.pending.store(number, ordering: .sequentiallyConsistent)
        if TemporaryFiles.renaming.load(ordering: .sequentiallyConsistent) == 0 { TemporaryFiles.die() }
      }
      action.sa_flags = SA_RESTART
      unsafe sigemptyset(&action.sa_mask)
      unsafe sigaction(number, &action, nil)
    }
    for number in [SIGABRT, SIGILL, SIGTRAP, SIGFPE, SIGSEGV] {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { number in
        if TemporaryFiles.renaming.load(ordering: .sequentiallyConsistent) == 0 {
          TemporaryFiles.removeAll()
        }
        // The fault comes again on return. SIGABRT may have been sent, and does not come by itself.
        unsafe sigaction(number, TemporaryFiles.previous + Int(number), nil)
        if number == SIGABRT { raise(number) }
      }
      // The stack may be what is wrong; Swift's own handler has set up another.
      action.sa_flags = SA_ONSTACK
      unsafe sigemptyset(&action.sa_mask)
      unsafe sigaction(number, &action, previous + Int(number))
    }
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Does `body`, in which files take their names, without an end by SIGINT, SIGTERM or SIGHUP in between.
  static func whileRenaming<Result>(_ body: () throws(ScaleNetError) -> Result) throws(ScaleNetError)
    -> Result
  {
    renaming.add(1, ordering: .sequentiallyConsistent)
    defer {
      if renaming.subtract(1, ordering: .sequentiallyConsistent).newValue == 0,
        pending.load(ordering: .sequentiallyConsistent) != 0
      {
        die()
      }
    }
    return try body()
  }

  /// Removes all temporaries, before the process ends.
  static func removeNow() {
    if renaming.load(ordering: .sequentiallyConsistent) == 0 { removeAll() }
  }

  /// A path that is to be removed; the result is for `remove`.
  static func add(_ path: String) -> UInt {
    let bytes = path.pathBytes
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { unsafe copy[index] = CChar(bitPattern: byte) }
    unsafe copy[bytes.count] = 0
    return paths.add(UInt(bitPattern: copy))
  }

  static func remove(_ entry: UInt) {
    unsafe UnsafeMutablePointer<CChar>(bitPattern: paths.remove(entry))?.deallocate()
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Ends the process by the signal that came.
  private static func die() {
    let number = pending.load(ordering: .sequentiallyConsistent)
    removeAll()
    var standard = sigaction()
    unsafe standard.__sigaction_handler.sa_handler = SIG_DFL
    unsafe sigaction(number, &standard, nil)
    raise(number)
  }

  /// Async-signal-safe: reads pointers and calls unlink.
  private static func removeAll() {
    _ = paths.first { entry in
      if let path = unsafe UnsafePointer<CChar>(bitPattern: entry.first.load(ordering: .acquiring)) {
        unsafe unlink(path)
      }
      return false
    }
  }
}
