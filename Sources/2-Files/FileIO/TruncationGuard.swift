import Glibc

/// Turns the SIGBUS of a mapped file that was shortened into an error.
///
/// Touching a page behind the end of a file raises SIGBUS. The handler puts zero pages over the region and notes
/// the hit, so that the reader goes on; `ByteRegion.checkIntact()` then throws. Faults outside of known regions
/// go to the handler that stood before. The handler only reads a fixed table, and calls only mmap and sigaction.
enum TruncationGuard {
  private static let capacity = 256

  private struct Slot {
    var start: UInt = 0
    var count: UInt = 0
    var wasHit: Bool = false
  }

  private static nonisolated(unsafe) let slots: UnsafeMutablePointer<Slot> = {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
    unsafe slots.initialize(repeating: Slot(), count: capacity)
    return unsafe slots
  }()
  private static nonisolated(unsafe) var previous = sigaction()
  private static nonisolated(unsafe) var isInstalled = false
  private static let lock = Lock()

  /// Watches a mapping; the result is the slot to give back, or -1 when the table is full and the region unwatched.
  static func add(base: UnsafeMutableRawPointer, count: Int) -> Int {
    lock.withLock {
      if unsafe !isInstalled {
        install()
        unsafe isInstalled = true
      }
      for index in 0..<capacity where unsafe slots[index].count == 0 {
        unsafe slots[index] = Slot(start: UInt(bitPattern: base), count: UInt(count), wasHit: false)
        return index
      }
      return -1
    }
  }

  static func remove(slot: Int) {
    guard slot >= 0 else { return }
    lock.withLock { unsafe slots[slot] = Slot() }
  }

  static func wasHit(slot: Int) -> Bool {
    guard slot >= 0 else { return false }
    return lock.withLock { unsafe slots[slot].wasHit }
  }

  private static func install() {
    _ = unsafe slots
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_sigaction = { signal, information, context in
      unsafe TruncationGuard.handle(signal: signal, information: information, context: context)
    }
    action.sa_flags = SA_SIGINFO | SA_NODEFER
    unsafe sigemptyset(&action.sa_mask)
    unsafe sigaction(SIGBUS, &action, &previous)
  }

  private static func handle(
    signal: Int32, information: UnsafeMutablePointer<siginfo_t>?, context: UnsafeMutableRawPointer?
  ) {
    if let information = unsafe information,
      let fault = unsafe information.pointee._sifields._sigfault.si_addr
    {
      let address = UInt(bitPattern: fault)
      for index in 0..<capacity {
        let slot = unsafe slots[index]
        guard slot.count > 0, address >= slot.start, address - slot.start < slot.count else { continue }
        unsafe slots[index].wasHit = true
        let zero = unsafe mmap(
          UnsafeMutableRawPointer(bitPattern: slot.start), Int(slot.count), PROT_READ,
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        if unsafe zero != MAP_FAILED { return }
      }
    }
    // Not ours: what would have happened without us happens on return, because the access faults again.
    unsafe sigaction(SIGBUS, &previous, nil)
  }
}
