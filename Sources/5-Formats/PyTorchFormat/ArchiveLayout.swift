import FileIO
import ZipArchive

/// The members of an archive of `torch.save`: `<stem>/data.pkl`, `<stem>/data/<key>` and a few more.
struct ArchiveLayout {
  let archive: ZipReader
  /// The directory in the archive, with its slash. PyTorch takes the file's name, or `archive/`.
  let stem: String
  let pickle: ZipMember

  private static let pickleName = "data.pkl"

  /// Whether a zip archive looks like one of `torch.save`: its first member is the pickle, or some member is.
  static func recognizes(_ file: ByteRegion) -> Bool {
    // The first member is seen even if the directory is damaged or cut off, so that the reader can say what is wrong.
    let first = file.withBytes { bytes in
      guard let count: UInt16 = bytes.littleEndian(at: 26), 30 + Int(count) <= bytes.byteCount else {
        return ""
      }
      return String(decoding: bytes.array(30..<30 + Int(count)), as: UTF8.self)
    }
    if first.utf8.reversed().starts(with: ("/" + pickleName).utf8.reversed()) { return true }
    guard let archive = try? ZipReader(file) else { return false }
    if archive.members.contains(where: { isPickle(archive.name(of: $0)) }) { return true }
    // One that has several models is known too, so that the reader can say so.
    do throws(ScaleNetError) { return try ExportedProgram(archive) != nil } catch { return true }
  }

  init(_ archive: ZipReader) throws(ScaleNetError) {
    let path = archive.file.origin
    var found: [ZipMember] = []
    for member in archive.members {
      let name = archive.name(of: member)
      if Self.isPickle(name) { found.append(member) }
    }
    guard let pickle = found.first, found.count == 1 else {
      throw .malformedArchive(
        path: path, expected: "one member <stem>/\(Self.pickleName)",
        found: found.isEmpty
          ? "none among \(archive.members.count) members"
          : "\(found.count): "
            + found.prefix(3).map { archive.name(of: $0).escapedForMessage }.joined(separator: ", "))
    }
    self.archive = archive
    self.pickle = pickle
    stem = String(decoding: archive.name(of: pickle).utf8.dropLast(Self.pickleName.utf8.count), as: UTF8.self)
  }

  /// Whether a member holds a storage's bytes.
  func isStorage(_ member: ZipMember) -> Bool { archive.name(of: member).hasPrefix(stem + "data/") }

  /// `<stem>/data.pkl`, with one directory.
  private static func isPickle(_ name: String) -> Bool {
    guard let rest = afterStem(name) else { return false }
    return rest.elementsEqual(pickleName.utf8)
  }

  /// What follows the first directory of a name. Bytes are compared: archives can have very many members.
  private static func afterStem(_ name: String) -> Substring.UTF8View? {
    let bytes = name.utf8
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), slash > bytes.startIndex else { return nil }
    return bytes[bytes.index(after: slash)...]
  }
}
