import FileIO

/// A 64-bit hash of bytes, for names of data files: other weights get another name. It guards against accidents, not
/// against anyone who wants two files of one hash.
struct ContentHash {
  private var state: UInt64 = 0x243f_6a88_85a3_08d3
  private var pending: UInt64 = 0
  private var pendingCount = 0
  private var count: UInt64 = 0

  private mutating func mix(_ word: UInt64) {
    state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
    state ^= state >> 32
  }

  /// Adds bytes; how a stream is cut into pieces does not matter.
  mutating func update(_ bytes: RawSpan) {
    count &+= UInt64(bytes.byteCount)
    var position = 0
    while position < bytes.byteCount {
      if pendingCount == 0, let word: UInt64 = bytes.littleEndian(at: position) {
        mix(word)
        position += 8
        continue
      }
      pending |= UInt64(bytes.byte(at: position)) << UInt64(8 * pendingCount)
      pendingCount += 1
      position += 1
      if pendingCount == 8 {
        mix(pending)
        (pending, pendingCount) = (0, 0)
      }
    }
  }

  /// 16 hexadecimal digits of what was added so far.
  var text: String {
    var copy = self
    copy.mix(pending)
    copy.mix(count)
    let digits = String(copy.state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
