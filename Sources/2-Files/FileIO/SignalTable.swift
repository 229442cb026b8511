import Glibc
import Synchronization

// Safe: chunks are never moved and never freed, and their words are atomic.

/// A table that grows, and that the handler of a signal can walk through while others fill it: entries are atomic words in
/// chunks that are never moved and never freed.
@safe final class SignalTable: Sendable {
  /// Two words and a flag; an entry whose first word is 0 is free.
  struct Entry: ~Copyable {
    let first = Atomic<UInt>(0)
    let second = Atomic<UInt>(0)
    let flag = Atomic<Bool>(false)
  }

  @safe private struct Chunk: ~Copyable {
    var entries: UnsafeMutablePointer<Entry>
    let next = Atomic<UInt>(0)

    init() {
      unsafe entries = UnsafeMutablePointer<Entry>.allocate(capacity: SignalTable.chunkSize)
      for index in 0..<SignalTable.chunkSize { unsafe (entries + index).initialize(to: Entry()) }
    }
  }

  private static let chunkSize = 256
  private nonisolated(unsafe) let head: UnsafeMutablePointer<Chunk>
  private let lock = Lock()

  init() {
    unsafe head = Self.makeChunk()
  }

  private static func makeChunk() -> UnsafeMutablePointer<Chunk> {
    let chunk = UnsafeMutablePointer<Chunk>.allocate(capacity: 1)
    unsafe chunk.initialize(to: Chunk())
    return unsafe chunk
  }

  /// Fills a free entry; the result is its address, for `remove`.
  func add(_ first: UInt, _ second: UInt = 0) -> UInt {
    lock.withLock {
      var chunk = unsafe head
      while true {
        for index in 0..<Self.chunkSize {
          let entry = unsafe chunk.pointee.entries + index
          guard unsafe entry.pointee.first.load(ordering: .relaxed) == 0 else { continue }
          unsafe entry.pointee.second.store(second, ordering: .relaxed)
          unsafe entry.pointee.flag.store(false, ordering: .relaxed)
          unsafe entry.pointee.first.store(first, ordering: .releasing)
          return UInt(bitPattern: entry)
        }
        if let next = unsafe UnsafeMutablePointer<Chunk>(
          bitPattern: chunk.pointee.next.load(ordering: .acquiring))
        {
          unsafe chunk = next
        } else {
          let new = unsafe Self.makeChunk()
          unsafe chunk.pointee.next.store(UInt(bitPattern: new), ordering: .releasing)
          unsafe chunk = new
        }
      }
    }
  }

  /// Frees an entry and gives its first word.
  @discardableResult
  func remove(_ address: UInt) -> UInt {
    lock.withLock {
      unsafe UnsafeMutablePointer<Entry>(bitPattern: address)?.pointee.first
        .exchange(0, ordering: .acquiringAndReleasing) ?? 0
    }
  }

  /// Whether an entry was flagged.
  func isFlagged(_ address: UInt) -> Bool {
    unsafe UnsafeMutablePointer<Entry>(bitPattern: address)?.pointee.flag.load(ordering: .acquiring) ?? false
  }

  /// Calls `body` with each filled entry until it returns true; whether it did. Safe in the handler of a signal, as long as
  /// `body` is.
  func first(where body: (borrowing Entry) -> Bool) -> Bool {
    var chunk: UnsafeMutablePointer<Chunk>? = unsafe head
    while let current = unsafe chunk {
      for index in 0..<Self.chunkSize {
        let entry = unsafe current.pointee.entries + index
        if unsafe entry.pointee.first.load(ordering: .acquiring) != 0, unsafe body(entry.pointee) {
          return true
        }
      }
      unsafe chunk = UnsafeMutablePointer<Chunk>(
        bitPattern: current.pointee.next.load(ordering: .acquiring))
    }
    return false
  }
}
