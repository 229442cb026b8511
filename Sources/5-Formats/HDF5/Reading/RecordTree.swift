import FileIO

/// A B-tree of version 2, as an index of a fractal heap.
///
/// Format: section III.A.2.
struct RecordTree {
  private let file: HDF5File
  private let structure: String
  private let type: Int
  private let recordSize: Int
  private let nodeSize: Int
  private let depth: Int
  private let root: Int?
  private let rootCount: Int
  private let total: Int

  init(_ file: HDF5File, at address: Int, owner: String, type: Int, recordSize: Int) throws(ScaleNetError) {
    self.file = file
    self.type = type
    self.recordSize = recordSize
    structure = "B-tree of \(owner)"
    var cursor = try Cursor(file, structure, at: address)
    try cursor.expect("BTHD")
    try cursor.version(0...0)
    let foundType = try cursor.byte()
    guard foundType == type else { throw cursor.failure("record type \(type)", foundType) }
    nodeSize = try cursor.word()
    let foundSize = try cursor.short()
    guard foundSize == recordSize else { throw cursor.failure("records of \(recordSize) bytes", foundSize) }
    depth = try cursor.short()
    try cursor.skip(2)
    root = try cursor.address()
    rootCount = try cursor.short()
    total = try cursor.length()
    guard depth < 16, nodeSize > 16, total <= file.region.count / recordSize else {
      throw cursor.failure(
        "a tree that fits the file", "depth \(depth), \(total) records of \(nodeSize) a node")
    }
    try Checksum.verify(file, address..<cursor.position, in: &cursor)
  }

  /// All records, in the order of the tree.
  func records() throws(ScaleNetError) -> [[UInt8]] {
    var records: [[UInt8]] = []
    if let root { try read(at: root, count: rootCount, depth: depth, into: &records) }
    guard records.count == total else {
      throw .malformed(
        path: file.path, structure: structure, offset: root ?? 0, expected: "\(total) records",
        found: "\(records.count)")
    }
    return records
  }

  private func read(
    at address: Int, count: Int, depth: Int, into records: inout [[UInt8]]
  ) throws(ScaleNetError) {
    var cursor = try Cursor(file, structure, at: address)
    try cursor.expect(depth == 0 ? "BTLF" : "BTIN")
    try cursor.version(0...0)
    let found = try cursor.byte()
    guard found == type else { throw cursor.failure("record type \(type)", found) }
    guard records.count + count <= total else { throw cursor.failure("\(total) records", "more") }
    var own: [[UInt8]] = []
    for _ in 0..<count { own.append(try cursor.bytes(recordSize)) }
    guard depth > 0 else {
      records += own
      try Checksum.verify(file, address..<cursor.position, in: &cursor)
      return
    }
    let widths = widths(below: depth)
    var children: [(address: Int, count: Int)] = []
    for _ in 0...count {
      let child = try cursor.requiredAddress()
      let childCount = Int(clamping: try cursor.integer(size: widths.count))
      if depth > 1 { try cursor.skip(widths.total) }
      children.append((child, childCount))
    }
    try Checksum.verify(file, address..<cursor.position, in: &cursor)
    for (index, child) in children.enumerated() {
      // A child without records would let a tree of them grow without end.
      guard child.count > 0 else { throw cursor.failure("children with records", "none") }
      try read(at: child.address, count: child.count, depth: depth - 1, into: &records)
      if index < own.count { records.append(own[index]) }
    }
  }

  /// How many bytes a node at `depth` takes for the number of records of a child, and for that of its whole subtree.
  private func widths(below depth: Int) -> (count: Int, total: Int) {
    func bytes(_ value: Int) -> Int { (max(1, Int.bitWidth - value.leadingZeroBitCount) + 7) / 8 }
    let leafCount = max(1, (nodeSize - 10) / recordSize)
    let countWidth = bytes(leafCount)
    var cumulative = leafCount
    var totalWidth = 0
    for level in 1..<max(depth, 1) {
      let pointer = 8 + countWidth + (level > 1 ? totalWidth : 0)
      let most = max(1, (nodeSize - 10 - pointer) / (recordSize + pointer))
      let (product, overflow) = (most + 1).multipliedReportingOverflow(by: cumulative)
      cumulative = overflow ? Int.max - most : product &+ most
      if cumulative < 0 { cumulative = Int.max }
      totalWidth = bytes(cumulative)
    }
    return (countWidth, totalWidth)
  }
}
