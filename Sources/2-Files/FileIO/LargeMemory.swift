import Glibc

// Safe: the memory is the caller's, who frees it; the flag is set once, before a program has threads.

/// Large pieces of memory, whose lack ends a program with a sentence in place of a trap.
package enum LargeMemory {
  private static nonisolated(unsafe) var endsProgram = false

  /// Lets a lack of memory end the program with an error on standard error and status 74, after temporaries are gone. For
  /// programs; in a library's host it is a trap.
  package static func endProgramWhereItLacks() { unsafe endsProgram = true }

  /// So many bytes, not initialised, aligned to cache lines; given back with `free`.
  @unsafe package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    if unsafe posix_memalign(&memory, 64, max(byteCount, 64)) == 0, let memory = unsafe memory {
      return unsafe memory
    }
    guard unsafe endsProgram else { fatalError("\(byteCount) bytes of memory are not there") }
    let text = Array(
      "scalenet: error: not enough memory: \(byteCount >> 10) KiB more could not be had\n".utf8)
    _ = unsafe text.withUnsafeBytes { unsafe write(2, $0.baseAddress!, $0.count) }
    TemporaryFiles.removeNow()
    _exit(74)
  }
}
