import FileIO
import TestSupport
import Testing
import ZipArchive

/// Archives that lie: each is refused with a message that says why.
@Suite struct HostileZipTests {
  private typealias Entry = ZipAssembler.Entry

  /// Reads every member's contents and compares all checksums.
  private func readAll(_ bytes: [UInt8], budget: Int = 1 << 20) throws {
    let reader = try ZipReader(.copying(bytes, origin: "test.zip"))
    for member in reader.members { try reader.verify(member) }
    _ = try reader.contents(of: reader.members, budget: budget)
  }

  private func refusal(
    _ entries: [Entry], budget: Int = 1 << 20, change: (inout ZipAssembler) -> Void = { _ in }
  ) -> String {
    var archive = ZipAssembler(entries)
    change(&archive)
    return message { try readAll(archive.bytes(), budget: budget) }
  }

  /// 10,000 zero bytes, deflated by zlib.
  private static let deflatedZeros: [UInt8] =
    [0xed, 0xc1, 0x01, 0x0d, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf7, 0x4f, 0x6d, 0x0e, 0x37, 0xa0]
    + [UInt8](repeating: 0, count: 9) + [0xe0, 0xdf, 0x00]

  private var zeros: Entry {
    Entry("z", [UInt8](repeating: 0, count: 10_000), payload: Self.deflatedZeros, method: 8)
  }

  @Test func theDeflatedMemberIsSound() throws {
    try readAll(ZipAssembler([zeros]).bytes())
  }

  @Test func duplicateNames() {
    #expect(
      refusal([Entry("a", [1]), Entry("a", [2])]).contains(
        "zip member 'a' at byte 32: expected names that differ"))
  }

  @Test func overlappingMembers() {
    var second = Entry("b", [2])
    second.offset = 0
    #expect(refusal([Entry("a", [1]), second]).contains("runs into what follows"))
    var long = Entry("a", [1])
    long.setBoth {
      $0.size += 1
      $0.storedSize += 1
    }
    #expect(refusal([long, Entry("b", [2])]).contains("runs into what follows"))
    // Into the directory.
    #expect(refusal([Entry("b", [2]), long]).contains("runs into what follows"))
    // Only the local header's extra field makes it overlap.
    var padded = Entry("a", [1])
    padded.local.extra = [UInt8](repeating: 0, count: 64)
    var behind = Entry("b", [2])
    behind.offset = 64
    #expect(!refusal([padded, behind]).isEmpty)
  }

  @Test func headersThatDisagree() {
    var entry = Entry("a", [1])
    entry.local.name = Array("b".utf8)
    #expect(
      refusal([entry]).contains("'a': local header at byte 0: expected the directory's name a, found b"))
    entry = Entry("a", [1])
    entry.local.method = 8
    #expect(refusal([entry]).contains("expected the directory's method 0, found 8"))
    entry = Entry("a", [1])
    entry.local.size = 2
    #expect(refusal([entry]).contains("expected the directory's size 1, found 2"))
    entry = Entry("a", [1])
    entry.local.storedSize = 0
    #expect(refusal([entry]).contains("expected the directory's stored size 1, found 0"))
    entry = Entry("a", [1])
    entry.local.checksum ^= 1
    #expect(refusal([entry]).contains("CRC-32"))
    entry = Entry("a", [1])
    entry.offset = 1
    #expect(!refusal([entry]).isEmpty)
  }

  @Test func sizesThatLie() {
    var stored = Entry("a", [1, 2, 3, 4])
    stored.setBoth { $0.size = 3 }
    #expect(refusal([stored]).contains("expected the directory's size 3, found 4 bytes, which are stored"))
    for size: UInt32 in [9_999, 10_001] {
      var deflated = zeros
      deflated.setBoth { $0.size = size }
      #expect(refusal([deflated]).contains("cannot decompress"))
    }
    var impossible = zeros
    impossible.setBoth { $0.size = 0xffff_fffe }
    #expect(refusal([impossible], budget: .max).contains("cannot yield"))
  }

  @Test func decompressionBomb() {
    #expect(refusal([zeros], budget: 9_999).contains("decompresses to 10000 bytes"))
  }

  @Test func corruptDeflate() {
    var corrupt = zeros
    corrupt.payload[5] ^= 0xff
    #expect(refusal([corrupt]).contains("cannot decompress"))
    var checksum = zeros
    checksum.setBoth { $0.checksum ^= 1 }
    #expect(refusal([checksum]).contains("expected CRC-32"))
    // What is left over of the compressed bytes is not ignored.
    var longer = zeros
    longer.payload += [0, 0]
    longer.setBoth { $0.storedSize += 2 }
    #expect(refusal([longer]).contains("ends after \(Self.deflatedZeros.count) of"))
  }

  @Test func wrongChecksum() {
    var entry = Entry("a", [1])
    entry.setBoth { $0.checksum ^= 1 }
    #expect(refusal([entry]).contains("expected CRC-32 a505df1a, found a505df1b"))
  }

  @Test(arguments: ["", "/etc/passwd", "../a", "a/../b", "a\\b", "a\u{0}b", "a/.."])
  func unsafeNames(_ name: String) {
    #expect(refusal([Entry(name, [1])]).contains("the name "))
  }

  @Test func symbolicLink() {
    var link = Entry("a", Array("/etc/passwd".utf8))
    link.attributes = 0o120777 << 16
    #expect(refusal([link]).contains("symbolic link"))
  }

  @Test func encryptedOrUnknownMethod() {
    var entry = Entry("a", [1])
    entry.setBoth { $0.flags |= 1 }
    #expect(refusal([entry]).contains("an encrypted one"))
    for method: UInt16 in [1, 9, 12, 14, 93, 99] {
      entry = Entry("a", [1], method: method)
      #expect(refusal([entry]).contains("compression method \(method)"))
    }
  }

  @Test func countsThatLie() {
    let entries = [Entry("a", [1]), Entry("b", [2])]
    #expect(refusal(entries) { $0.count = 1 }.contains("more bytes"))
    #expect(refusal(entries) { $0.count = 3 }.contains("at most 2 entries"))
    for count: UInt64 in [.max, 1 << 63, 1 << 32, 3, 1, 0] {
      #expect(!refusal(entries) { $0.wideCount = count }.isEmpty)
    }
    #expect(refusal(entries) { $0.directoryOffset = 0xffff_fffe }.contains("a directory before byte"))
    #expect(refusal(entries) { $0.directorySize = 0x7fff_ffff }.contains("a directory before byte"))
    #expect(refusal(entries) { $0.directorySize = 0 }.contains("a directory that ends at"))
  }

  @Test func bytesInsertedOrFilesJoined() {
    let archive = ZipAssembler([Entry("a", [1])]).bytes()
    #expect(message { try readAll([0, 0, 0, 0] + archive) }.contains("bytes were inserted"))
    #expect(message { try readAll(archive + archive) }.contains("two files joined"))
  }

  @Test func zip64FieldThatIsMissing() {
    var entry = Entry("a", [1])
    entry.central.size = 0xffff_ffff
    #expect(refusal([entry]).contains("sizes and a place within the file"))
    entry.central.extra = [1, 0, 8, 0] + [UInt8](repeating: 0xff, count: 8)
    #expect(!refusal([entry]).isEmpty)
  }

  @Test func namesAreEscapedInMessages() {
    let text = refusal([Entry("a\n\u{1b}[31m", [1]), Entry("a\n\u{1b}[31m", [2])])
    #expect(text.contains("a\\u{a}\\u{1b}[31m"))
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = ZipAssembler([Entry("a", [1, 2]), zeros]).bytes()
    for count in 0..<bytes.count {
      #expect(throws: ScaleNetError.self) { try readAll(Array(bytes.prefix(count))) }
    }
  }

  @Test func noFlippedByteIsFatal() throws {
    let bytes = ZipAssembler([Entry("a", [1, 2]), zeros]).bytes()
    var refused = 0
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        do { try readAll(damaged) } catch { refused += 1 }
      }
    }
    // Fields without a meaning here (times, versions) may change; most may not.
    #expect(refused > bytes.count * 2)
  }
}
