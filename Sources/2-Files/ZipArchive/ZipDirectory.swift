import FileIO

/// Where an archive's central directory lies, from the end records.
///
/// Format: PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16. The archive ends where the file does: in what follows, other
/// programs may see another file.
struct ZipDirectory {
  /// The directory's bytes.
  let range: Range<Int>
  /// The number of entries.
  let count: Int
  /// Ten times as many as the largest checkpoints have tensors; each costs memory before anything of it is read.
  private static let mostEntries = 500_000

  private static let endSignature: UInt32 = 0x0605_4b50
  private static let endSize = 22
  private static let locatorSignature: UInt32 = 0x0706_4b50
  private static let locatorSize = 20
  private static let wideEndSignature: UInt32 = 0x0606_4b50
  private static let wideEndSize = 56

  /// What the end records state, before it is checked.
  private struct Claim {
    var disk: UInt64
    var directoryDisk: UInt64
    var countOnDisk: UInt64
    var count: UInt64
    var size: UInt64
    var offset: UInt64
  }

  init(_ bytes: RawSpan, path: String) throws(ScaleNetError) {
    guard let end = Self.findEnd(bytes) else { throw .noCentralDirectory(path: path) }
    func malformed(_ offset: Int, _ expected: String, _ found: some Any) -> ScaleNetError {
      .malformedDirectory(path: path, offset: offset, expected: expected, found: "\(found)")
    }
    let comment: UInt16 = bytes.littleEndian(at: end + 20)!
    let rest = bytes.byteCount - end - Self.endSize
    guard Int(comment) <= rest else {
      throw malformed(end + 20, "a comment of at most \(rest) bytes", comment)
    }
    guard Int(comment) == rest else {
      throw malformed(
        end + Self.endSize + Int(comment), "the end of the file, behind the archive",
        "\(rest - Int(comment)) more bytes")
    }
    var claim = Self.claim(bytes, at: end)
    var limit = end
    if let wide = try Self.wideEnd(bytes, before: end, path: path) {
      let wideClaim = Self.wideClaim(bytes, at: wide)
      try Self.check(claim, against: wideClaim, offset: end, path: path)
      claim = wideClaim
      limit = wide
    }
    guard claim.disk == 0, claim.directoryDisk == 0, claim.count == claim.countOnDisk else {
      throw malformed(limit, "an archive in one file", "one of several")
    }
    guard let offset = Int(exactly: claim.offset), let size = Int(exactly: claim.size), offset <= limit,
      size <= limit - offset
    else {
      throw malformed(
        limit, "a directory before byte \(limit)", "\(claim.size) bytes at byte \(claim.offset)")
    }
    guard offset + size == limit else {
      throw malformed(
        limit, "a directory that ends at byte \(limit)",
        "one that ends at byte \(offset + size) (bytes were inserted or two files joined)")
    }
    // Each entry takes 46 bytes at least, so a count that the directory cannot hold is refused before it matters.
    guard claim.count <= UInt64(size / 46) else {
      throw malformed(limit, "at most \(size / 46) entries in \(size) bytes", claim.count)
    }
    guard claim.count <= UInt64(Self.mostEntries) else {
      throw malformed(limit, "at most \(Self.mostEntries) entries", claim.count)
    }
    range = offset..<offset + size
    count = Int(claim.count)
  }

  /// The last end signature with a whole record behind it.
  private static func findEnd(_ bytes: RawSpan) -> Int? {
    var position = bytes.byteCount - endSize
    let first = max(0, position - 0xffff)
    while position >= first {
      if bytes.littleEndian(at: position, as: UInt32.self) == endSignature { return position }
      position -= 1
    }
    return nil
  }

  private static func claim(_ bytes: RawSpan, at end: Int) -> Claim {
    func short(_ offset: Int) -> UInt64 { UInt64(bytes.littleEndian(at: end + offset, as: UInt16.self)!) }
    func long(_ offset: Int) -> UInt64 { UInt64(bytes.littleEndian(at: end + offset, as: UInt32.self)!) }
    return Claim(
      disk: short(4), directoryDisk: short(6), countOnDisk: short(8), count: short(10), size: long(12),
      offset: long(16))
  }

  /// Where the zip64 end record lies, if a locator stands before the end record.
  private static func wideEnd(_ bytes: RawSpan, before end: Int, path: String) throws(ScaleNetError) -> Int? {
    let locator = end - locatorSize
    guard locator >= 0, bytes.littleEndian(at: locator, as: UInt32.self) == locatorSignature else {
      return nil
    }
    let stated: UInt64 = bytes.littleEndian(at: locator + 8)!
    guard let position = Int(exactly: stated), position <= locator - wideEndSize,
      bytes.littleEndian(at: position, as: UInt32.self) == wideEndSignature,
      let size = bytes.littleEndian(at: position + 4, as: UInt64.self),
      size == UInt64(locator - position - 12)
    else {
      throw .malformedDirectory(
        path: path, offset: locator, expected: "the place of the zip64 end record", found: "byte \(stated)")
    }
    return position
  }

  private static func wideClaim(_ bytes: RawSpan, at position: Int) -> Claim {
    func word(_ offset: Int) -> UInt64 { bytes.littleEndian(at: position + offset)! }
    func disk(_ offset: Int) -> UInt64 { UInt64(bytes.littleEndian(at: position + offset, as: UInt32.self)!) }
    return Claim(
      disk: disk(16), directoryDisk: disk(20), countOnDisk: word(24), count: word(32), size: word(40),
      offset: word(48))
  }

  /// The short record repeats the wide one, or says "see there" with all bits set.
  private static func check(
    _ claim: Claim, against wide: Claim, offset: Int, path: String
  ) throws(ScaleNetError) {
    let agrees =
      (claim.count == wide.count || claim.count == 0xffff)
      && (claim.size == wide.size || claim.size == 0xffff_ffff)
      && (claim.offset == wide.offset || claim.offset == 0xffff_ffff)
    if !agrees {
      throw .malformedDirectory(
        path: path, offset: offset, expected: "an end record that agrees with the zip64 end record",
        found: "\(claim.count) entries in \(claim.size) bytes at byte \(claim.offset), against "
          + "\(wide.count) in \(wide.size) at byte \(wide.offset)")
    }
  }
}
