import Glibc
import Synchronization

// Safe: pages are put over a mapping only while its entry stands in the table, which is until just before it is
// unmapped; the action that stood before is written once, before the handler can run.

/// Turns the SIGBUS of a mapped file that was shortened into an error.
///
/// Touching a page behind the end of a file raises SIGBUS. The handler puts zero pages over the region and notes
/// the hit, so that the reader goes on; `ByteRegion.checkIntact()` then throws. Faults outside of known regions
/// go to the handler that stood before. The handler only reads a table that never moves, and calls only mmap and
/// sigaction.
enum TruncationGuard {
  /// The first byte and the count of each mapping.
  private static let mappings = SignalTable()
  private static nonisolated(unsafe) var previous = sigaction()
  private static let isInstalled: Bool = {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_sigaction = { signal, information, context in
      unsafe TruncationGuard.handle(signal: signal, information: information, context: context)
    }
    action.sa_flags = SA_SIGINFO | SA_NODEFER
    unsafe sigemptyset(&action.sa_mask)
    return unsafe sigaction(SIGBUS, &action, &previous) == 0
  }()

  /// Watches a mapping; the result is for `remove` and `wasHit`.
  static func add(base: UnsafeMutableRawPointer, count: Int) -> UInt {
    let entry = mappings.add(UInt(bitPattern: base), UInt(count))
    _ = isInstalled
    return entry
  }

  static func remove(_ entry: UInt) { mappings.remove(entry) }

  static func wasHit(_ entry: UInt) -> Bool { mappings.isFlagged(entry) }

  private static func handle(
    signal: Int32, information: UnsafeMutablePointer<siginfo_t>?, context: UnsafeMutableRawPointer?
  ) {
    if let information = unsafe information,
      let fault = unsafe information.pointee._sifields._sigfault.si_addr
    {
      let address = UInt(bitPattern: fault)
      let isOurs = mappings.first { entry in
        let start = entry.first.load(ordering: .acquiring)
        let count = entry.second.load(ordering: .relaxed)
        guard address >= start, address - start < count else { return false }
        entry.flag.store(true, ordering: .releasing)
        let zero = unsafe mmap(
          UnsafeMutableRawPointer(bitPattern: start), Int(count), PROT_READ,
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        return unsafe zero != MAP_FAILED
      }
      if isOurs { return }
    }
    // Not ours: what would have happened without us happens on return, because the access faults again.
    unsafe sigaction(SIGBUS, &previous, nil)
  }
}
