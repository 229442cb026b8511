import CFileSystem
import Glibc

// Safe: the memory is the caller's, who frees it; the flag is set once, before a program has threads.

/// Large pieces of memory, whose lack ends a program with a sentence in place of a trap.
package enum LargeMemory {
  private static nonisolated(unsafe) var endsProgram = false

  /// Lets a lack of memory end the program with an error on standard error and status 74, after temporaries are gone. For
  /// programs; in a library's host it is a trap.
  package static func endProgramWhereItLacks() { unsafe endsProgram = true }

  /// Bytes of the pages that the system maps at once if it is asked to, on x86-64 and on most of arm64.
  private static let hugePage = 2 << 20

  /// So many bytes, not initialised, aligned to cache lines, in huge pages where there are some of them; given back with
  /// `free`.
  @unsafe package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let isHuge = byteCount >= 2 * hugePage
    let alignment = isHuge ? hugePage : 64
    if unsafe posix_memalign(&memory, alignment, max(byteCount, 64)) == 0, let memory = unsafe memory {
      // A request: where the system refuses it, pages are small ones, which take longer to be had.
      if isHuge { _ = unsafe madvise(memory, byteCount / hugePage * hugePage, Int32(MADV_HUGEPAGE)) }
      return unsafe memory
    }
    lacks(byteCount)
  }

  /// Gives the system back what was freed and lies in holes between what is in use: between parts of the work whose pieces
  /// of memory are of other sizes.
  package static func giveBack() { _ = allocator_gives_back() }

  fileprivate static func lacks(_ byteCount: Int) -> Never {
    guard unsafe endsProgram else { fatalError("\(byteCount) bytes of memory are not there") }
    TemporaryFiles.removeNow()
    // No memory is taken for the sentence.
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    unsafe withUnsafeMutableBytes(of: &digits) { digits in
      var (first, rest) = (digits.count, max(1, byteCount >> 10))
      while rest > 0 {
        first -= 1
        unsafe digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      say("scalenet: error: not enough memory: ")
      _ = unsafe write(2, digits.baseAddress! + first, digits.count - first)
      say(" KiB more could not be had\n")
    }
    _exit(74)
  }

  private static func say(_ text: StaticString) {
    _ = unsafe write(2, text.utf8Start, text.utf8CodeUnitCount)
  }
}

/// Called by what `make build` links in place of Swift's trap, where memory for an object or an array is not there.
@_cdecl("scalenet_memory_lacks") package func memoryLacks(_ byteCount: Int) -> Never {
  LargeMemory.lacks(byteCount)
}
