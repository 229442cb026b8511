public import FileIO

/// An HDF5 file in memory or mapped, read without libhdf5.
///
/// What is read is the part of the format that h5py and Keras write: superblocks 0 to 3, object headers 1 and 2, groups
/// of all kinds, attributes of strings, and datasets of numbers, contiguous, compact or chunked (deflate, shuffle,
/// Fletcher-32). Everything else is an error that says what was found. Links out of the file or back into it are
/// refused. Every size is checked against the file before it is used.
///
/// Format: HDF5 File Format Specification, version 3.0.
public struct HDF5File: Sendable {
  /// The bytes of the whole file.
  public let region: ByteRegion
  /// Where the root group's object header lies.
  let rootAddress: Int

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  var path: String { region.origin }

  /// Whether `file` begins as HDF5 files do.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    file.count >= signature.count
      && file.withBytes { bytes in
        bytes.array(signature.indices) == signature
      }
  }

  /// Reads the superblock.
  public init(_ region: ByteRegion) throws(ScaleNetError) {
    guard Self.recognizes(region) else { throw .notHDF5(path: region.origin) }
    self.init(region, rootAddress: 0)
    self.init(region, rootAddress: try Self.readSuperblock(self))
  }

  private init(_ region: ByteRegion, rootAddress: Int) {
    self.region = region
    self.rootAddress = rootAddress
  }

  /// The root group.
  public func root() throws(ScaleNetError) -> HDF5Group {
    try HDF5Group(self, name: "/", header: try ObjectHeader(self, at: rootAddress, name: "/"))
  }

  /// The bytes of a range that lies within the file.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    region.withBytes { bytes in bytes.array(range) }
  }

  /// Section II.A of the format: where the root group is.
  private static func readSuperblock(_ file: HDF5File) throws(ScaleNetError) -> Int {
    var cursor = try Cursor(file, "superblock", at: signature.count)
    let version = try cursor.version(0...3)
    if version < 2 {
      // Versions of free space, root group and shared headers, each 0.
      for _ in 0..<4 { _ = try cursor.byte() }
      try readSizes(&cursor)
      // Reserved; group leaf and internal node K; consistency flags; version 1 adds the chunk K.
      try cursor.skip(1 + 2 + 2 + 4 + (version == 1 ? 4 : 0))
      try readAddresses(&cursor, file)
      // The root group's symbol table entry: name offset, object header.
      _ = try cursor.length()
      return try cursor.requiredAddress()
    }
    try readSizes(&cursor)
    let flags = try cursor.byte()
    // A file that is open for writing may be half written.
    guard flags & 0b101 == 0 else {
      throw cursor.failure("a file that was closed", "consistency flags \(flags)")
    }
    let base = try cursor.requiredAddress()
    guard base == 0 else { throw cursor.failure("base address 0", base) }
    _ = try cursor.address()
    let end = try cursor.requiredAddress()
    guard end <= file.region.count else {
      throw cursor.failure("\(end) bytes in the file", "\(file.region.count)")
    }
    let root = try cursor.requiredAddress()
    try Checksum.verify(file, 0..<cursor.position, in: &cursor)
    return root
  }

  /// Size of offsets and lengths: 8 bytes each.
  private static func readSizes(_ cursor: inout Cursor) throws(ScaleNetError) {
    // Version 0 and 1 have the two behind the versions, without the reserved byte, which was read before.
    let offsets = try cursor.byte()
    let lengths = try cursor.byte()
    guard offsets == 8, lengths == 8 else {
      throw cursor.failure("addresses and lengths of 8 bytes", "\(offsets) and \(lengths)")
    }
  }

  private static func readAddresses(_ cursor: inout Cursor, _ file: HDF5File) throws(ScaleNetError) {
    let base = try cursor.requiredAddress()
    guard base == 0 else { throw cursor.failure("base address 0", base) }
    // The free space, which nobody writes.
    _ = try cursor.address()
    let end = try cursor.requiredAddress()
    guard end <= file.region.count else {
      throw cursor.failure("\(end) bytes in the file", "\(file.region.count)")
    }
    guard try cursor.address() == nil else { throw cursor.failure("no driver information", "some") }
  }
}
