import FileIO

extension ZipReader {
  private static let entrySignature: UInt32 = 0x0201_4b50
  private static let entrySize = 46

  /// The entries of the central directory (APPNOTE 4.3.12), which must fill it exactly.
  static func entries(
    _ bytes: RawSpan, directory: ZipDirectory, path: String
  ) throws(ScaleNetError) -> [ZipMember] {
    var members: [ZipMember] = []
    members.reserveCapacity(directory.count)
    var position = directory.range.lowerBound
    let end = directory.range.upperBound
    for index in 0..<directory.count {
      guard position <= end - entrySize,
        bytes.littleEndian(at: position, as: UInt32.self) == entrySignature
      else {
        throw .malformedDirectory(
          path: path, offset: position, expected: "entry \(index) of \(directory.count)", found: "none")
      }
      let (member, next) = try entry(bytes, at: position, index: index, end: end, path: path)
      members.append(member)
      position = next
    }
    guard position == end else {
      throw .malformedDirectory(
        path: path, offset: position, expected: "the end after \(directory.count) entries",
        found: "\(end - position) more bytes")
    }
    return members
  }

  private static func entry(
    _ bytes: RawSpan, at position: Int, index: Int, end: Int, path: String
  ) throws(ScaleNetError) -> (ZipMember, next: Int) {
    func short(_ offset: Int) -> UInt16 { bytes.littleEndian(at: position + offset)! }
    func long(_ offset: Int) -> UInt32 { bytes.littleEndian(at: position + offset)! }
    let nameOffset = position + entrySize
    let nameCount = Int(short(28))
    let extraOffset = nameOffset + nameCount
    let extraCount = Int(short(30))
    let next = extraOffset + extraCount + Int(short(32))
    guard next <= end else {
      throw .malformedDirectory(
        path: path, offset: position, expected: "an entry that ends before byte \(end)",
        found: "one that ends at byte \(next)")
    }
    let name = bytes.array(nameOffset..<extraOffset)
    try checkName(name, madeBy: short(4), attributes: long(38), path: path)

    var size = UInt64(long(24))
    var storedSize = UInt64(long(20))
    var headerOffset = UInt64(long(42))
    // A zip64 field holds what does not fit, in this order, and nothing else (APPNOTE 4.5.3).
    var wide = Zip64Field(bytes, extraOffset..<extraOffset + extraCount)
    let isWhole = wide.replace(&size) && wide.replace(&storedSize) && wide.replace(&headerOffset)
    let disk = short(34)
    guard isWhole, disk == 0 || disk == 0xffff, let storedSize = Int(exactly: storedSize),
      let headerOffset = Int(exactly: headerOffset), headerOffset <= end, storedSize <= end
    else {
      throw .malformedDirectory(
        path: path, offset: position, expected: "sizes and a place within the file",
        found: "\(storedSize) bytes at byte \(headerOffset)")
    }
    let member = ZipMember(
      index: index, storedSize: storedSize, size: size, checksum: long(16), method: short(10),
      flags: short(8), nameOffset: nameOffset, nameCount: nameCount, headerOffset: headerOffset)
    return (member, next)
  }

  /// Refuses names that no writer of weights uses and that would be dangerous to whoever extracts the archive.
  private static func checkName(
    _ name: [UInt8], madeBy: UInt16, attributes: UInt32, path: String
  ) throws(ScaleNetError) {
    var reason = ZipName.refusal(name)
    // Archives made on Unix keep the file's mode in the upper half: 0xA000 is a symbolic link.
    if madeBy >> 8 == 3, attributes >> 28 == 0xa { reason = "the member is a symbolic link" }
    if let reason {
      throw .unsafeName(path: path, member: String(decoding: name, as: UTF8.self), reason: reason)
    }
  }
}
