import FileIO

/// Memory that one thread fills and another one then passes on, used again for chunk after chunk. Whoever holds the
/// task that fills it does not touch it before the task has ended.
final class ChunkBuffer: @unchecked Sendable {
  var bytes: [UInt8] = []

  /// Makes room for `count` bytes at least.
  func reserve(_ count: Int) {
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
  }

  /// Passes the first `count` bytes on.
  func pass(_ count: Int, to body: (RawSpan) throws(ScaleNetError) -> Void) throws(ScaleNetError) {
    let bytes = bytes
    try bytes.withBytes { bytes throws(ScaleNetError) in try body(bytes.extracting(0..<count))
    }
  }
}
