import FileIO

/// A heap of many small objects, as groups with many links and objects with many attributes have it.
///
/// Format: section III.G. Objects that are huge, tiny or filtered are not read.
struct FractalHeap {
  private let file: HDF5File
  private let structure: String
  private let offsetSize: Int
  private let lengthSize: Int
  private let width: Int
  private let startSize: Int
  private let largestDirect: Int
  private let root: Int
  private let rootRows: Int
  private let headerAddress: Int

  init(_ file: HDF5File, at address: Int, owner: String) throws(ScaleNetError) {
    self.file = file
    headerAddress = address
    structure = "fractal heap of \(owner)"
    var cursor = try Cursor(file, structure, at: address)
    try cursor.expect("FRHP")
    try cursor.version(0...0)
    _ = try cursor.short()
    guard try cursor.short() == 0 else { throw cursor.failure("a heap without filters", "filters") }
    try cursor.skip(1)
    let largestObject = try cursor.word()
    // Huge objects, free space and statistics.
    try cursor.skip(12 * 8)
    width = try cursor.short()
    startSize = try cursor.length()
    largestDirect = try cursor.length()
    let bits = try cursor.short()
    guard (1...1024).contains(width), startSize.nonzeroBitCount == 1, largestDirect.nonzeroBitCount == 1,
      startSize <= largestDirect, largestDirect <= 1 << 32, (1...64).contains(bits)
    else {
      throw cursor.failure("block sizes that are powers of two", "\(startSize), \(largestDirect), \(width)")
    }
    try cursor.skip(2)
    root = try cursor.requiredAddress()
    rootRows = try cursor.short()
    offsetSize = (bits + 7) / 8
    // The smaller of what an offset within a direct block takes and what the largest object's size takes.
    lengthSize = min(
      (largestDirect.trailingZeroBitCount + 7) / 8,
      (max(1, Int.bitWidth - largestObject.leadingZeroBitCount) + 7) / 8)
    try Checksum.verify(file, address..<cursor.position, in: &cursor)
  }

  /// Where the object of an identifier lies in the file.
  func object(_ identifier: [UInt8]) throws(ScaleNetError) -> Range<Int> {
    func integer(_ first: Int, _ size: Int) -> Int? {
      guard first + size <= identifier.count, size <= 8 else { return nil }
      var value: UInt64 = 0
      for index in 0..<size { value |= UInt64(identifier[first + index]) << (8 * UInt64(index)) }
      return Int(exactly: value)
    }
    let cursor = try Cursor(file, structure, at: headerAddress)
    guard identifier.first.map({ $0 & 0xf0 == 0 }) == true else {
      throw cursor.failure("the identifier of a managed object", identifier)
    }
    guard let offset = integer(1, offsetSize), let length = integer(1 + offsetSize, lengthSize) else {
      throw cursor.failure("an identifier of \(1 + offsetSize + lengthSize) bytes", identifier)
    }
    let (block, within, size) =
      rootRows == 0 ? (root, offset, startSize) : try find(offset, in: root, rows: rootRows, depth: 0)
    guard within <= size, length <= size - within else {
      throw cursor.failure("an object within its block", "\(length) bytes at \(offset)")
    }
    var direct = try Cursor(file, structure, at: block, count: size)
    try direct.expect("FHDB")
    return block + within..<block + within + length
  }

  /// The size of the blocks of a row: twice the one before, from the third row on.
  private func blockSize(row: Int) -> Int? {
    let (size, overflow) = startSize.multipliedReportingOverflow(by: 1 << min(max(row - 1, 0), 48))
    return overflow || size < 0 ? nil : size
  }

  /// The direct block that holds `offset`, below the indirect one at `address`.
  private func find(
    _ offset: Int, in address: Int, rows: Int, depth: Int
  ) throws(ScaleNetError) -> (block: Int, within: Int, size: Int) {
    var cursor = try Cursor(file, structure, at: address)
    guard depth < 16, rows <= 64 else {
      throw cursor.failure("at most 16 levels of 64 rows", "\(depth), \(rows)")
    }
    try cursor.expect("FHIB")
    try cursor.version(0...0)
    try cursor.skip(8 + offsetSize)
    let entries = 8 * width * rows
    var checksum = try Cursor(file, structure, at: cursor.position + entries, count: 4)
    try Checksum.verify(file, address..<cursor.position + entries, in: &checksum)
    var start = 0
    for row in 0..<rows {
      guard let size = blockSize(row: row), size <= (1 << 60 - start) / width else {
        throw cursor.failure("offsets below 2^60", "row \(row)")
      }
      let column = (offset - start) / size
      guard column < width else {
        try cursor.skip(8 * width)
        start += size * width
        continue
      }
      try cursor.skip(8 * column)
      let child = try cursor.requiredAddress()
      let within = offset - start - column * size
      if size <= largestDirect { return (child, within, size) }
      // An indirect block covers `size` bytes with rows that add up to it.
      var covered = 0
      var childRows = 0
      while covered < size, let rowSize = blockSize(row: childRows) {
        covered += rowSize * width
        childRows += 1
      }
      return try find(within, in: child, rows: childRows, depth: depth + 1)
    }
    throw cursor.failure("an offset within the heap", offset)
  }
}
