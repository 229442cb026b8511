import Glibc

/// The temporaries that exist now, so that a program ended by a signal can remove them.
package enum TemporaryFiles {
  private static let capacity = 64
  private static nonisolated(unsafe) let paths: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = {
    let paths = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: capacity)
    unsafe paths.initialize(repeating: nil, count: capacity)
    return unsafe paths
  }()
  private static let lock = Lock()

  /// Removes all temporaries when SIGINT, SIGTERM or SIGHUP ends the process, which then dies of that signal.
  /// A file size limit becomes a failed write instead of SIGXFSZ. For programs; a library's host decides itself.
  package static func removeOnTermination() {
    _ = unsafe paths
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      // Who starts a program with a signal ignored (nohup) means it.
      unsafe sigaction(number, nil, &action)
      if isIgnored(action) { continue }
      action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { number in
        TemporaryFiles.removeAll()
        var standard = sigaction()
        unsafe standard.__sigaction_handler.sa_handler = SIG_DFL
        unsafe sigaction(number, &standard, nil)
        raise(number)
      }
      unsafe sigemptyset(&action.sa_mask)
      unsafe sigaction(number, &action, nil)
    }
    signal(SIGXFSZ, SIG_IGN)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  static func add(_ path: String) {
    lock.withLock {
      for index in 0..<capacity where unsafe paths[index] == nil {
        unsafe paths[index] = strdup(path)
        return
      }
    }
  }

  static func remove(_ path: String) {
    lock.withLock {
      for index in 0..<capacity {
        guard let entry = unsafe paths[index], unsafe String(cString: entry) == path else { continue }
        unsafe paths[index] = nil
        unsafe free(entry)
        return
      }
    }
  }

  /// Async-signal-safe: reads pointers and calls unlink.
  private static func removeAll() {
    for index in 0..<capacity {
      if let entry = unsafe paths[index] { unsafe unlink(entry) }
    }
  }
}
