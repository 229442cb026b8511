import Glibc
import Synchronization

/// A table that grows, and that the handler of a signal can walk through: entries are words in chunks that are never
/// moved and never freed.
@safe final class SignalTable: Sendable {
  /// Three words; an entry whose first is 0 is free.
  struct Entry {
    var first: UInt = 0
    var second: UInt = 0
    var flag = false
  }

  @safe private struct Chunk: ~Copyable {
    var entries: UnsafeMutablePointer<Entry>
    let next = Atomic<UInt>(0)

    init() {
      unsafe entries = UnsafeMutablePointer<Entry>.allocate(capacity: SignalTable.chunkSize)
      unsafe entries.initialize(repeating: Entry(), count: SignalTable.chunkSize)
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
        for index in 0..<Self.chunkSize where unsafe chunk.pointee.entries[index].first == 0 {
          let entry = unsafe chunk.pointee.entries + index
          unsafe entry.pointee.second = second
          unsafe entry.pointee.flag = false
          unsafe entry.pointee.first = first
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

  /// Frees an entry and gives what stood there.
  @discardableResult
  func remove(_ address: UInt) -> Entry {
    lock.withLock {
      guard let entry = unsafe UnsafeMutablePointer<Entry>(bitPattern: address) else { return Entry() }
      let old = unsafe entry.pointee
      unsafe entry.pointee = Entry()
      return old
    }
  }

  /// Whether an entry was flagged.
  func isFlagged(_ address: UInt) -> Bool {
    lock.withLock { unsafe UnsafeMutablePointer<Entry>(bitPattern: address)?.pointee.flag ?? false }
  }

  /// Calls `body` with each filled entry until it returns true; whether it did. Safe in the handler of a signal, as long as
  /// `body` is.
  func first(where body: (inout Entry) -> Bool) -> Bool {
    var chunk: UnsafeMutablePointer<Chunk>? = unsafe head
    while let current = unsafe chunk {
      for index in 0..<Self.chunkSize where unsafe current.pointee.entries[index].first != 0 {
        if unsafe body(&current.pointee.entries[index]) { return true }
      }
      unsafe chunk = UnsafeMutablePointer<Chunk>(
        bitPattern: current.pointee.next.load(ordering: .acquiring))
    }
    return false
  }
}
