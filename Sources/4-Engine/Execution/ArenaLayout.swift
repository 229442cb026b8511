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
    let steps = buffers.map(\.lifetime).reduce(0...0) { lower, lifetime in
      min(lower.lowerBound, lifetime.lowerBound)...max(lower.upperBound, lifetime.upperBound)
    }
    var placed = LifetimeIndex(steps: steps)
    let order = buffers.indices.sorted { left, right in
      buffers[left].count != buffers[right].count ? buffers[left].count > buffers[right].count : left < right
    }
    for index in order {
      let buffer = buffers[index]
      let neighbours = placed.overlapping(buffer.lifetime).sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for neighbour in neighbours {
        if offset + Self.aligned(buffer.count) <= offsets[neighbour] { break }
        offset = max(offset, offsets[neighbour] + Self.aligned(buffers[neighbour].count))
      }
      offsets[index] = offset
      placed.insert(index, buffer.lifetime)
      count = max(count, offset + Self.aligned(buffer.count))
    }
  }

  static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

/// Finds buffers by the steps that they live in, without a look at all of them: a network can have very many.
private struct LifetimeIndex {
  private let first: Int
  private let count: Int
  /// Buffers by the step in which they begin.
  private var beginnings: [[Int]]
  /// A binary tree over the steps, the children of node n being 2n and 2n + 1, the leaves the last `count`. A buffer stands
  /// in the fewest nodes that cover its steps.
  private var covers: [[Int]]

  init(steps: ClosedRange<Int>) {
    first = steps.lowerBound
    count = steps.count
    beginnings = [[Int]](repeating: [], count: count)
    covers = [[Int]](repeating: [], count: 2 * count)
  }

  mutating func insert(_ buffer: Int, _ lifetime: ClosedRange<Int>) {
    beginnings[lifetime.lowerBound - first].append(buffer)
    var lower = lifetime.lowerBound - first + count
    var upper = lifetime.upperBound - first + count + 1
    while lower < upper {
      if !lower.isMultiple(of: 2) {
        covers[lower].append(buffer)
        lower += 1
      }
      if !upper.isMultiple(of: 2) {
        upper -= 1
        covers[upper].append(buffer)
      }
      lower /= 2
      upper /= 2
    }
  }

  /// Each buffer that lives in one of these steps, once: it lives in the first of them, or begins in a later one.
  func overlapping(_ lifetime: ClosedRange<Int>) -> [Int] {
    var result: [Int] = []
    var node = lifetime.lowerBound - first + count
    while node > 0 {
      result += covers[node]
      node /= 2
    }
    for step in lifetime.dropFirst() { result += beginnings[step - first] }
    return result
  }
}
