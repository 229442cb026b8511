public import FileIO
import ZipArchive

extension PyTorchReader {
  /// What may be decompressed: weights hardly ever shrink below a quarter.
  static func decompressionBudget(_ file: ByteRegion) -> Int { (128 << 20) + 4 * file.count }

  /// Reads an archive of PyTorch 1.6 or later.
  ///
  /// Format: `torch/serialization.py`, `_save` and `_load`.
  static func readArchive(_ archive: ZipReader, verifyChecksums: Bool) throws(ScaleNetError) -> Checkpoint {
    let file = archive.file
    let path = file.origin
    let layout = try ArchiveLayout(archive)
    let budget = decompressionBudget(file)
    if verifyChecksums { try archive.verify(layout.pickle, ignoringZero: true) }
    let pickle = try archive.contents(of: layout.pickle, budget: budget)
    var unpickler = Unpickler(
      pickle, at: 0, path: path, member: archive.name(of: layout.pickle), container: .archive)
    let root = try unpickler.run()
    guard unpickler.position == pickle.count else {
      unpickler.opcodeOffset = unpickler.position
      throw unpickler.malformed("the end of the pickle", "\(pickle.count - unpickler.position) more bytes")
    }
    let arena = unpickler.arena
    let rest = layout.pickle.isStored ? budget : budget - pickle.count
    return Checkpoint(
      path: path, arena: arena, root: root,
      isLittleEndian: try isLittleEndian(layout),
      regions: { (storages) throws(ScaleNetError) in
        try regions(storages, arena, layout, budget: rest, verifyChecksums: verifyChecksums)
      }, fileSize: file.count, classes: ScriptClasses(layout))
  }

  /// Reads all weights of an archive and compares their CRC-32 with the archive's; those that are decompressed are
  /// compared then. Legacy files have none, and a CRC-32 of 0 is one that was not computed.
  public static func verifyChecksums(_ file: ByteRegion) throws(ScaleNetError) {
    guard ZipReader.recognizes(file) else { return }
    let archive = try ZipReader(file)
    if let program = try ExportedProgram(archive) {
      try program.verifyChecksums()
    } else {
      let layout = try ArchiveLayout(archive)
      try archive.verify(layout.pickle, ignoringZero: true)
      for member in archive.members where layout.isStorage(member) {
        try archive.verify(member, ignoringZero: true)
      }
    }
    try file.checkIntact()
  }

  /// The byte order that the archive states; archives without a statement are little-endian.
  private static func isLittleEndian(_ layout: ArchiveLayout) throws(ScaleNetError) -> Bool {
    let archive = layout.archive
    guard let member = archive.member(named: layout.stem + "byteorder") else { return true }
    let contents = try archive.contents(of: member, budget: 64)
    let text = contents.withBytes { bytes in
      String(decoding: bytes.array(0..<min(bytes.byteCount, 64)), as: UTF8.self)
    }
    switch text {
    case "little": return true
    case "big": return false
    default:
      throw .malformedArchive(
        path: archive.file.origin, member: archive.name(of: member), expected: "byte order 'little' or 'big'",
        found: "'\(text.escapedForMessage)'")
    }
  }

  /// The bytes of each storage, which must be as many as the pickle says.
  private static func regions(
    _ storages: [Int], _ arena: PickleArena, _ layout: ArchiveLayout, budget: Int, verifyChecksums: Bool
  ) throws(ScaleNetError) -> [ByteRegion] {
    let archive = layout.archive
    let path = archive.file.origin
    var members: [ZipMember] = []
    for index in storages {
      let storage = arena.storages[index]
      let name = layout.stem + "data/" + storage.key
      guard let member = archive.member(named: name) else {
        throw .storage(path: path, key: storage.key, expected: "a member '\(name)'", found: "none")
      }
      // The directory's size is compared first: nothing is decompressed for a storage that cannot fit.
      let (expected, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, member.size == UInt64(expected) else {
        throw .storage(
          path: path, key: storage.key,
          expected: "\(storage.count) elements of \(storage.type.byteCount) bytes",
          found: "\(member.size) bytes")
      }
      members.append(member)
    }
    if verifyChecksums {
      for member in members { try archive.verify(member, ignoringZero: true) }
    }
    return try archive.contents(of: members, budget: budget)
  }
}
