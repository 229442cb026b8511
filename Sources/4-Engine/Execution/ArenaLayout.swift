/// Places for buffers in one piece of memory: buffers that live at the same time do not overlap.
struct ArenaLayout {
  /// A buffer: its size, and the first and last step that it lives in.
  struct Buffer {
    var count: Int
    var lifetime: ClosedRange<Int>
  }

  /// Elements; places are multiples of it.
  static let alignment = 16

  private(set) var offsets: [Int]
  /// Elements of the whole arena.
  private(set) var count = 0

  /// Places the largest buffers first, each at the lowest place where it fits.
  init(_ buffers: [Buffer]) {
    offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    let order = buffers.indices.sorted { left, right in
      buffers[left].count != buffers[right].count ? buffers[left].count > buffers[right].count : left < right
    }
    for index in order {
      let buffer = buffers[index]
      let neighbours = placed.filter { buffers[$0].lifetime.overlaps(buffer.lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for neighbour in neighbours {
        if offset + Self.aligned(buffer.count) <= offsets[neighbour] { break }
        offset = max(offset, offsets[neighbour] + Self.aligned(buffers[neighbour].count))
      }
      offsets[index] = offset
      placed.append(index)
      count = max(count, offset + Self.aligned(buffer.count))
    }
  }

  static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
