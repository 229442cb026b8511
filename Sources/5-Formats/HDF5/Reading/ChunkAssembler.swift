import FileIO
import ModelIR

// Safe: chunks begin within the dataset, which is checked when their index is read, only the rows that lie within it
// are copied, and a chunk has all of its bytes, which is checked before.

/// Puts a dataset together that is stored in chunks of equal extents, indexed by a B-tree of version 1.
///
/// Format: sections III.A.1 and IV.A.2.i. Every chunk must be there.
struct ChunkAssembler {
  private struct Chunk {
    let address: Int
    let storedCount: Int
    let mask: UInt32
    /// Its first element.
    let position: [Int]
  }

  private let dataset: HDF5Dataset
  private let elementSize: Int
  private let extents: [Int]
  private let chunkExtents: [Int]
  private let chunkByteCount: Int
  private let filters: FilterPipeline?
  private var chunks: [Chunk] = []
  /// How many chunks it takes.
  private let expectedCount: Int

  init(_ dataset: HDF5Dataset, elementSize: Int, layout cursor: inout Cursor) throws(ScaleNetError) {
    self.dataset = dataset
    self.elementSize = elementSize
    extents = dataset.shape.dimensions
    let rank = try cursor.byte() - 1
    guard rank == extents.count, rank > 0 else {
      throw cursor.failure("chunks of rank \(extents.count)", "rank \(rank)")
    }
    let tree = try cursor.address()
    var chunkExtents: [Int] = []
    var byteCount = elementSize
    var expectedCount = 1
    for extent in extents {
      let chunkExtent = try cursor.word()
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: chunkExtent)
      guard chunkExtent > 0, !overflow, product <= 1 << 32 else {
        throw cursor.failure("chunks of 1 byte to 4 GiB", "extent \(chunkExtent)")
      }
      byteCount = product
      chunkExtents.append(chunkExtent)
      let (count, overflow2) = expectedCount.multipliedReportingOverflow(
        by: extent / chunkExtent + (extent % chunkExtent == 0 ? 0 : 1))
      guard !overflow2 else { throw cursor.failure("fewer chunks", "2^63 or more") }
      expectedCount = count
    }
    let storedSize = try cursor.word()
    guard storedSize == elementSize else {
      throw cursor.failure("elements of \(elementSize) bytes", storedSize)
    }
    self.chunkExtents = chunkExtents
    chunkByteCount = byteCount
    self.expectedCount = expectedCount
    if var filterCursor = try dataset.header.cursor(.filterPipeline) {
      filters = try FilterPipeline(&filterCursor, dataset: dataset, elementSize: elementSize)
    } else {
      filters = nil
    }
    // A key and an address take 16 bytes and more.
    guard expectedCount <= dataset.file.region.count / 16 else {
      throw cursor.failure("as many chunks as the file can hold", expectedCount)
    }
    if let tree, expectedCount > 0 { try readTree(at: tree, level: nil) }
    guard chunks.count == expectedCount else {
      throw cursor.failure("\(expectedCount) chunks", chunks.count)
    }
  }

  /// An entry of a node: where a chunk or another node is, and the first place that is looked for in it.
  private struct Entry {
    let storedCount: Int
    let mask: UInt32
    /// For each axis, and for the bytes of an element.
    let key: [Int]
    let child: Int
  }

  /// Reads a node and all below it. Keys must ascend, lie within those of the node above, and be of whole elements: libhdf5
  /// finds a chunk by them, and would else pass over some that are there.
  ///
  /// - Parameter bounds: the key of this node in the node above, and the next one.
  private mutating func readTree(
    at address: Int, level: Int?, within bounds: (lower: [Int], upper: [Int])? = nil
  ) throws(ScaleNetError) {
    var cursor = try Cursor(dataset.file, "chunk index of \(dataset.name)", at: address)
    try cursor.expect("TREE")
    let type = try cursor.byte()
    guard type == 1 else { throw cursor.failure("node type 1", type) }
    let found = try cursor.byte()
    guard found == level ?? found, found < 32 else { throw cursor.failure("level \(level ?? 31)", found) }
    let count = try cursor.short()
    try cursor.skip(16)
    guard count > 0 else { throw cursor.failure("entries", "none") }
    var entry = try readEntry(&cursor)
    for index in 0..<count {
      // Behind the last entry stands a key without a child.
      let next = try index + 1 < count ? readEntry(&cursor) : readEntry(&cursor, hasChild: false)
      let (key, end) = (entry.key, next.key)
      guard key.last == 0 else { throw cursor.failure("a key of whole elements", key) }
      let isWithin = bounds.map {
        !key.lexicographicallyPrecedes($0.lower) && key.lexicographicallyPrecedes($0.upper)
      }
      guard key.lexicographicallyPrecedes(end), isWithin ?? true else {
        throw cursor.failure("keys that ascend", "\(key) before \(end)")
      }
      if found > 0 {
        let upper = bounds.map { $0.upper.lexicographicallyPrecedes(end) ? $0.upper : end } ?? end
        try readTree(at: entry.child, level: found - 1, within: (key, upper))
      } else {
        try add(entry, cursor)
      }
      entry = next
    }
  }

  private func readEntry(_ cursor: inout Cursor, hasChild: Bool = true) throws(ScaleNetError) -> Entry {
    let storedCount = try cursor.word()
    let mask = UInt32(try cursor.integer(size: 4))
    var key: [Int] = []
    for _ in 0...extents.count { key.append(try cursor.length()) }
    return Entry(
      storedCount: storedCount, mask: mask, key: key, child: hasChild ? try cursor.requiredAddress() : 0)
  }

  private mutating func add(_ entry: Entry, _ cursor: Cursor) throws(ScaleNetError) {
    let position = Array(entry.key.dropLast())
    let (child, storedCount, mask) = (entry.child, entry.storedCount, entry.mask)
    guard chunks.count < expectedCount else { throw cursor.failure("\(expectedCount) chunks", "more") }
    _ = try Cursor(dataset.file, "chunk of \(dataset.name)", at: child, count: storedCount)
    for axis in extents.indices {
      guard position[axis] < extents[axis], position[axis] % chunkExtents[axis] == 0 else {
        throw cursor.failure("a chunk within \(dataset.shape)", position)
      }
    }
    chunks.append(Chunk(address: child, storedCount: storedCount, mask: mask, position: position))
  }

  /// All elements, row-major.
  func assemble(byteCount: Int, budget: inout Int) throws(ScaleNetError) -> ByteRegion {
    let stored = chunks.reduce(0) { $0 + $1.storedCount }
    let most = filters?.mostBytes(stored: stored) ?? stored
    guard byteCount <= most else {
      throw .wrongKind(
        path: dataset.file.path, object: dataset.name, expected: "\(byteCount) bytes of elements in chunks",
        found: filters == nil ? "\(stored)" : "\(stored) stored ones, which yield at most \(most)")
    }
    guard byteCount <= budget, chunkByteCount <= budget, chunkByteCount / 2 <= max(byteCount, 1 << 20) else {
      throw .overBudget(
        path: dataset.file.path, object: dataset.name, size: max(byteCount, chunkByteCount), budget: budget)
    }
    guard Set(chunks.map(\.position)).count == chunks.count else {
      throw .malformed(
        path: dataset.file.path, structure: "chunk index of \(dataset.name)", offset: 0,
        expected: "chunks at places that differ", found: "two at one")
    }
    budget -= byteCount
    return unsafe try ByteRegion.allocate(origin: dataset.file.path, count: byteCount) {
      target throws(ScaleNetError) in
      for chunk in chunks { unsafe copy(try bytes(of: chunk), of: chunk, to: target) }
    }
  }

  private func bytes(of chunk: Chunk) throws(ScaleNetError) -> [UInt8] {
    let stored = dataset.file.bytes(chunk.address..<chunk.address + chunk.storedCount)
    func corrupt(_ reason: String) -> ScaleNetError {
      .corruptChunk(path: dataset.file.path, object: dataset.name, offset: chunk.address, reason: reason)
    }
    guard let filters else {
      guard stored.count == chunkByteCount else {
        throw corrupt("expected \(chunkByteCount) bytes, found \(stored.count)")
      }
      return stored
    }
    switch filters.undo(stored, mask: chunk.mask, size: chunkByteCount) {
    case .success(let bytes): return bytes
    case .failure(let error): throw corrupt("\(error)")
    }
  }

  /// Copies the rows of a chunk that lie within the dataset.
  private func copy(_ bytes: [UInt8], of chunk: Chunk, to target: UnsafeMutableRawBufferPointer) {
    let last = extents.count - 1
    let rowCount = min(chunkExtents[last], extents[last] - chunk.position[last]) * elementSize
    var index = [Int](repeating: 0, count: extents.count)
    unsafe bytes.withUnsafeBytes { source in
      while true {
        var from = 0
        var to = 0
        for axis in extents.indices {
          from = from * chunkExtents[axis] + index[axis]
          to = to * extents[axis] + chunk.position[axis] + index[axis]
        }
        from *= elementSize
        to *= elementSize
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[to..<to + rowCount])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + rowCount]))
        var axis = last - 1
        while axis >= 0 {
          index[axis] += 1
          if index[axis] < min(chunkExtents[axis], extents[axis] - chunk.position[axis]) { break }
          index[axis] = 0
          axis -= 1
        }
        if axis < 0 { return }
      }
    }
  }
}
