import FileIO

/// Reads the links of a group: a symbol table, link messages, or a dense store. Only hard links are taken.
struct LinkReader {
  struct Link {
    let name: String
    let address: Int
  }

  private let file: HDF5File
  private let group: String
  private(set) var links: [Link] = []
  /// Entries that the file has room for: whoever lists more goes in circles.
  private var budget: Int

  init(_ file: HDF5File, group: String) {
    self.file = file
    self.group = group
    budget = file.region.count / 8
  }

  mutating func read(_ header: ObjectHeader) throws(ScaleNetError) {
    for message in header.messages {
      var cursor: Cursor
      switch message.kind {
      case .symbolTable:
        cursor = try header.cursor(message)
        let tree = try cursor.requiredAddress()
        let heap = try cursor.requiredAddress()
        try readTree(at: tree, level: nil, names: try localHeap(at: heap))
      case .link:
        cursor = try header.cursor(message)
        try readLink(&cursor)
      case .linkInfo:
        cursor = try header.cursor(message)
        try readLinkInfo(&cursor)
      default:
        continue
      }
    }
  }

  private mutating func spend(_ cursor: Cursor) throws(ScaleNetError) {
    budget -= 1
    if budget < 0 { throw cursor.failure("as many links as the file can hold", "more") }
  }

  /// Section III.D: the data segment of a local heap, which holds names.
  private func localHeap(at address: Int) throws(ScaleNetError) -> Range<Int> {
    var cursor = try Cursor(file, "local heap of \(group)", at: address)
    try cursor.expect("HEAP")
    try cursor.version(0...0)
    try cursor.skip(3)
    let size = try cursor.length()
    try cursor.skip(8)
    let segment = try cursor.requiredAddress()
    _ = try Cursor(file, "local heap of \(group)", at: segment, count: size)
    return segment..<segment + size
  }

  /// Section III.A.1: a B-tree of version 1 over symbol table nodes.
  private mutating func readTree(at address: Int, level: Int?, names: Range<Int>) throws(ScaleNetError) {
    var cursor = try Cursor(file, "B-tree of \(group)", at: address)
    try cursor.expect("TREE")
    let type = try cursor.byte()
    guard type == 0 else { throw cursor.failure("node type 0", type) }
    let found = try cursor.byte()
    // Levels go down one by one, so that there is no way in circles.
    guard found == level ?? found, found < 32 else { throw cursor.failure("level \(level ?? 31)", found) }
    let count = try cursor.short()
    try cursor.skip(16)
    for _ in 0..<count {
      try spend(cursor)
      try cursor.skip(8)
      let child = try cursor.requiredAddress()
      if found == 0 {
        try readSymbols(at: child, names: names)
      } else {
        try readTree(at: child, level: found - 1, names: names)
      }
    }
  }

  /// Section III.B: a symbol table node.
  private mutating func readSymbols(at address: Int, names: Range<Int>) throws(ScaleNetError) {
    var cursor = try Cursor(file, "symbol table of \(group)", at: address)
    try cursor.expect("SNOD")
    try cursor.version(1...1)
    try cursor.skip(1)
    let count = try cursor.short()
    for _ in 0..<count {
      try spend(cursor)
      let nameOffset = try cursor.length()
      let target = try cursor.address()
      let cache = try cursor.word()
      try cursor.skip(4 + 16)
      guard nameOffset < names.count else {
        throw cursor.failure("a name within \(names.count) bytes", "one at \(nameOffset)")
      }
      var text = try Cursor(
        file, "name in \(group)", at: names.lowerBound + nameOffset, count: names.count - nameOffset)
      let name = try text.terminatedText()
      guard cache != 2 else { throw refused(name, "a soft link") }
      guard cache < 2, let target else { throw cursor.failure("cache type 0 or 1 and an address", cache) }
      links.append(Link(name: try checked(name, cursor), address: target))
    }
  }

  /// Section IV.A.2.g: a link message, in an object header or in a heap.
  private mutating func readLink(_ cursor: inout Cursor) throws(ScaleNetError) {
    try spend(cursor)
    try cursor.version(1...1)
    let flags = try cursor.byte()
    let type = flags & 0x08 != 0 ? try cursor.byte() : 0
    if flags & 0x04 != 0 { try cursor.skip(8) }
    if flags & 0x10 != 0 { try cursor.skip(1) }
    let count = Int(clamping: try cursor.integer(size: 1 << (flags & 3)))
    let name = try checked(try cursor.utf8(try cursor.bytes(count)), cursor)
    switch type {
    case 0: links.append(Link(name: name, address: try cursor.requiredAddress()))
    case 1: throw refused(name, "a soft link")
    case 64: throw refused(name, "an external link")
    default: throw refused(name, "a link of type \(type)")
    }
  }

  /// Section IV.A.2.c: where many links are stored, if there are more than fit the header.
  private mutating func readLinkInfo(_ cursor: inout Cursor) throws(ScaleNetError) {
    try cursor.version(0...0)
    let flags = try cursor.byte()
    if flags & 1 != 0 { try cursor.skip(8) }
    guard let heapAddress = try cursor.address() else { return }
    let tree = try cursor.requiredAddress()
    let heap = try FractalHeap(file, at: heapAddress, owner: group)
    // Type 5 is indexed by name: a hash of 4 bytes, then the heap's identifier of 7.
    let records = try RecordTree(file, at: tree, owner: group, type: 5, recordSize: 11).records()
    for record in records {
      let range = try heap.object(Array(record.dropFirst(4)))
      var message = try Cursor(file, "link of \(group)", at: range.lowerBound, count: range.count)
      try readLink(&message)
    }
  }

  private func checked(_ name: String, _ cursor: Cursor) throws(ScaleNetError) -> String {
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0) else {
      throw cursor.failure("a name without slashes", name)
    }
    return name
  }

  private func refused(_ name: String, _ found: String) -> ScaleNetError {
    .refused(path: file.path, object: "\(group == "/" ? "" : group)/\(name)", found: found)
  }
}
