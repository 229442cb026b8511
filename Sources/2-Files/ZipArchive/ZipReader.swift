public import FileIO

/// A zip archive in memory or in a mapped file.
///
/// The directory is read at once, contents only when asked for. Stored members are slices of the file, so that
/// nothing is copied; deflated ones are decompressed by libdeflate. Nothing is ever extracted to a file.
public struct ZipReader: Sendable {
  /// The archive.
  public let file: ByteRegion
  /// The members in the order of the directory.
  public let members: [ZipMember]

  /// Where each member's bytes must end at the latest: at the next member, or at the directory.
  let limits: [Int]
  private let index: NameIndex

  /// The first bytes of an archive that has members: the signature of a local header.
  static let localSignature: UInt32 = 0x0403_4b50

  /// Whether `file` begins as zip archives do.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    file.withBytes { $0.littleEndian(at: 0, as: UInt32.self) == localSignature }
  }

  /// Reads the directory. No member's contents are touched.
  public init(_ file: ByteRegion) throws(ScaleNetError) {
    self.file = file
    let path = file.origin
    let directory = try file.withBytes { bytes throws(ScaleNetError) in try ZipDirectory(bytes, path: path) }
    members = try file.withBytes { bytes throws(ScaleNetError) in
      try Self.entries(bytes, directory: directory, path: path)
    }
    var index = NameIndex(count: members.count)
    for member in members where !index.insert(member, members, file) {
      throw .duplicateName(
        path: path, member: Self.name(of: member, in: file), offset: member.headerOffset)
    }
    self.index = index
    limits = try Self.limits(members, directory: directory, file: file)
  }

  /// The member named `name`, or nil.
  public func member(named name: String) -> ZipMember? {
    index.find(Array(name.utf8), members, file).map { members[$0] }
  }

  /// The name of a member; bytes that are not UTF-8 are replaced.
  public func name(of member: ZipMember) -> String {
    Self.name(of: member, in: file)
  }

  private static func name(of member: ZipMember, in file: ByteRegion) -> String {
    file.withBytes { bytes in
      String(
        decoding: bytes.array(member.nameOffset..<member.nameOffset + member.nameCount), as: UTF8.self)
    }
  }

  /// Members in the order of their local headers; each must end before the next begins.
  private static func limits(
    _ members: [ZipMember], directory: ZipDirectory, file: ByteRegion
  ) throws(ScaleNetError) -> [Int] {
    var limits = [Int](repeating: 0, count: members.count)
    let order = members.indices.sorted { members[$0].headerOffset < members[$1].headerOffset }
    var next = directory.range.lowerBound
    for position in order.reversed() {
      let member = members[position]
      // Signature and fields of the local header, name and contents; the extra field's length is known later.
      let least = member.headerOffset + 30 + member.nameCount
      guard least <= next, member.storedSize <= next - least else {
        throw .overlap(
          path: file.origin, member: name(of: member, in: file), offset: member.headerOffset)
      }
      limits[position] = next
      next = member.headerOffset
    }
    return limits
  }
}
