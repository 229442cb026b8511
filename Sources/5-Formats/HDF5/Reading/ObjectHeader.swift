import FileIO

/// The messages of an object: what it is, its attributes, where its data lies.
///
/// Format: section IV.A, "Disk Format: Level 2A - Data Object Headers".
struct ObjectHeader {
  /// The kinds of messages. All others are an error.
  enum Kind: Int {
    case null = 0
    case dataspace, linkInfo, datatype, oldFillValue, fillValue, link, externalFiles, layout, bogus
    case groupInfo, filterPipeline, attribute, comment, oldModificationTime, sharedMessageTable, continuation
    case symbolTable, modificationTime, treeK, driverInfo, attributeInfo, referenceCount
  }

  struct Message {
    let kind: Kind
    /// Whether the data is a reference to a message elsewhere.
    let isShared: Bool
    let range: Range<Int>
  }

  let file: HDF5File
  let name: String
  private(set) var messages: [Message] = []

  /// Pieces of a header, each of which takes at least 8 bytes of the file.
  private var blocks: [Range<Int>] = []

  init(_ file: HDF5File, at address: Int, name: String) throws(ScaleNetError) {
    self.file = file
    self.name = name
    var probe = try Cursor(file, "object header of \(name)", at: address)
    if try probe.byte() == 1 {
      try readVersion1(at: address)
    } else {
      try readVersion2(at: address)
    }
  }

  /// The data of the only message of a kind; nil if there is none.
  func cursor(_ kind: Kind) throws(ScaleNetError) -> Cursor? {
    guard let message = messages.first(where: { $0.kind == kind }) else { return nil }
    return try cursor(message)
  }

  func cursor(_ message: Message) throws(ScaleNetError) -> Cursor {
    if message.isShared {
      throw .unsupported(
        path: file.path, object: name, expected: "a \(message.kind) of its own", found: "a shared one")
    }
    return try Cursor(
      file, "\(message.kind) of \(name)", at: message.range.lowerBound, count: message.range.count)
  }

  private mutating func addBlock(_ cursor: Cursor, at start: Int, count: Int) throws(ScaleNetError) {
    let range = start..<start + count
    guard !blocks.contains(where: { $0.overlaps(range) }), blocks.count < 1024 else {
      throw cursor.failure("blocks that do not overlap, at most 1024", "one at byte \(start)")
    }
    blocks.append(range)
  }

  private mutating func readVersion1(at address: Int) throws(ScaleNetError) {
    let structure = "object header of \(name)"
    var cursor = try Cursor(file, structure, at: address)
    try cursor.version(1...1)
    try cursor.skip(1)
    let count = try cursor.short()
    try cursor.skip(4)
    let size = try cursor.word()
    // The header is padded to 16 bytes.
    try cursor.skip(4)
    var pending = [try Cursor(file, structure, at: cursor.position, count: size)]
    try addBlock(cursor, at: address, count: 16 + size)
    var seen = 0
    while !pending.isEmpty, seen < count {
      var block = pending.removeFirst()
      while block.remaining >= 8, seen < count {
        let type = try block.short()
        let length = try block.short()
        let flags = try block.byte()
        try block.skip(3)
        seen += 1
        if let next = try add(type, flags, length, &block, prefix: nil) { pending.append(next) }
      }
    }
    guard seen == count else { throw cursor.failure("\(count) messages", "\(seen)") }
  }

  private mutating func readVersion2(at address: Int) throws(ScaleNetError) {
    let structure = "object header of \(name)"
    var cursor = try Cursor(file, structure, at: address)
    try cursor.expect("OHDR")
    try cursor.version(2...2)
    let flags = try cursor.byte()
    if flags & 0x20 != 0 { try cursor.skip(16) }
    if flags & 0x10 != 0 { try cursor.skip(4) }
    let size = Int(clamping: try cursor.integer(size: 1 << (flags & 3)))
    var pending = [try Cursor(file, structure, at: cursor.position, count: size)]
    try addBlock(cursor, at: address, count: cursor.position - address + size)
    try cursor.skip(size)
    try Checksum.verify(file, address..<cursor.position, in: &cursor)
    let headerSize = flags & 4 != 0 ? 6 : 4
    while !pending.isEmpty {
      var block = pending.removeFirst()
      // A rest too small for a message is a gap.
      while block.remaining >= headerSize {
        let type = try block.byte()
        let length = try block.short()
        let messageFlags = try block.byte()
        if headerSize == 6 { try block.skip(2) }
        if let next = try add(type, messageFlags, length, &block, prefix: "OCHK") { pending.append(next) }
      }
    }
  }

  /// Takes a message in; the cursor over the block that it points to if it is a continuation.
  private mutating func add(
    _ type: Int, _ flags: Int, _ length: Int, _ block: inout Cursor, prefix: String?
  ) throws(ScaleNetError) -> Cursor? {
    guard let kind = Kind(rawValue: type) else {
      throw block.failure("a known kind of message", "kind \(type)")
    }
    let start = block.position
    try block.skip(length)
    guard kind == .continuation else {
      if kind != .null {
        messages.append(Message(kind: kind, isShared: flags & 2 != 0, range: start..<start + length))
      }
      return nil
    }
    var pointer = try Cursor(file, block.structure, at: start, count: length)
    let address = try pointer.requiredAddress()
    let size = try pointer.length()
    var next = try Cursor(file, block.structure, at: address, count: size)
    try addBlock(next, at: address, count: size)
    guard let prefix else { return next }
    try next.expect(prefix)
    guard size >= 8 else { throw next.failure("a block of 8 bytes or more", size) }
    var checksum = try Cursor(file, block.structure, at: address + size - 4, count: 4)
    try Checksum.verify(file, address..<address + size - 4, in: &checksum)
    return try Cursor(file, block.structure, at: address + 4, count: size - 8)
  }
}
