import FileIO

/// Strings of variable length, which lie in collections of a global heap. Format: section III.E.
final class GlobalHeap {
  private let file: HDF5File
  private let owner: String
  /// The objects of each collection that was read, by index.
  private var collections: [Int: [Int: Range<Int>]] = [:]
  /// Many references may share an object; more than the file holds is a bomb.
  private var budget: Int

  init(_ file: HDF5File, owner: String) {
    self.file = file
    self.owner = owner
    budget = file.region.count
  }

  /// The string of the reference at the cursor: length, collection, index.
  func string(_ reference: inout Cursor) throws(ScaleNetError) -> String {
    let length = try reference.word()
    let address = try reference.requiredAddress()
    let index = try reference.word()
    if length == 0 { return "" }
    let objects = try collection(at: address)
    guard let range = objects[index], length <= range.count else {
      throw reference.failure("\(length) bytes in object \(index) of a heap", objects[index]?.count ?? 0)
    }
    budget -= length
    guard budget >= 0 else {
      throw reference.failure("at most \(file.region.count) bytes of strings", "more")
    }
    var bytes = file.bytes(range.lowerBound..<range.lowerBound + length)
    // Some writers count the NUL.
    while bytes.last == 0 { bytes.removeLast() }
    return try reference.utf8(bytes)
  }

  private func collection(at address: Int) throws(ScaleNetError) -> [Int: Range<Int>] {
    if let known = collections[address] { return known }
    let structure = "global heap of \(owner)"
    var cursor = try Cursor(file, structure, at: address)
    try cursor.expect("GCOL")
    try cursor.version(1...1)
    try cursor.skip(3)
    let size = try cursor.length()
    guard size >= 16 else { throw cursor.failure("a collection of 16 bytes or more", size) }
    var block = try Cursor(file, structure, at: cursor.position, count: size - 16)
    var objects: [Int: Range<Int>] = [:]
    while block.remaining >= 16 {
      let index = try block.short()
      // Index 0 is the free space at the end.
      if index == 0 { break }
      try block.skip(6)
      let count = try block.length()
      let start = block.position
      try block.skip(count)
      try block.skip(min((8 - count % 8) % 8, block.remaining))
      guard objects.updateValue(start..<start + count, forKey: index) == nil else {
        throw block.failure("indices that differ", "\(index) twice")
      }
    }
    collections[address] = objects
    return objects
  }
}
