import FileIO
import TestSupport
import Testing
import ZipArchive

@Suite struct ZipReaderTests {
  private func reader(_ bytes: [UInt8]) throws -> ZipReader {
    try ZipReader(.copying(bytes, origin: "test.zip"))
  }

  private func contents(_ reader: ZipReader, _ name: String, budget: Int = 1 << 20) throws -> [UInt8] {
    let member = try #require(reader.member(named: name))
    let region = try reader.contents(of: member, budget: budget)
    return region.withBytes { bytes in bytes.array(0..<bytes.byteCount) }
  }

  @Test func readsPyTorchsArchive() throws {
    let reader = try reader(Fixtures.bytes("pytorch/plain.pth"))
    let names = reader.members.map { reader.name(of: $0) }
    #expect(
      names == [
        "archive/data.pkl", "archive/.format_version", "archive/.storage_alignment", "archive/byteorder",
        "archive/data/0", "archive/data/1", "archive/data/2", "archive/data/3", "archive/version",
        "archive/.data/serialization_id",
      ])
    #expect(try contents(reader, "archive/byteorder") == Array("little".utf8))
    for member in reader.members {
      #expect(member.isStored)
      #expect(try reader.payloadRange(of: member).lowerBound.isMultiple(of: 64))
      try reader.verify(member)
    }
    #expect(reader.member(named: "archive/data/4") == nil)
  }

  @Test(arguments: ["deflated", "zip64", "stem"]) func readsOtherArchives(of name: String) throws {
    let plain = try reader(Fixtures.bytes("pytorch/plain.pth"))
    let other = try reader(Fixtures.bytes("pytorch/\(name).pth"))
    let stem = name == "stem" ? "some other name" : "archive"
    #expect(other.members[0].isStored == (name != "deflated"))
    for part in ["data.pkl", "data/0", "data/1", "data/2", "data/3", "version"] {
      #expect(try contents(other, "\(stem)/\(part)") == contents(plain, "archive/\(part)"))
    }
    for member in other.members { try other.verify(member) }
  }

  @Test func readsSeveralMembersWithinOneBudget() throws {
    let reader = try reader(Fixtures.bytes("pytorch/deflated.pth"))
    let size = reader.members.reduce(0) { $0 + Int($1.size) }
    let regions = try reader.contents(of: reader.members, budget: size)
    #expect(regions.map(\.count) == reader.members.map { Int($0.size) })
    let text = message { _ = try reader.contents(of: reader.members, budget: size - 1) }
    #expect(text.contains("at most \(size - 1) are allowed"))
  }

  @Test func endsWhereTheFileDoes() throws {
    var archive = ZipAssembler([ZipAssembler.Entry("a", [1, 2, 3])])
    #expect(try contents(reader(archive.bytes()), "a") == [1, 2, 3])
    archive.comment = Array("a comment".utf8)
    let bytes = archive.bytes()
    #expect(try contents(reader(bytes), "a") == [1, 2, 3])
    for count in [1, 65_000] {
      let text = message { _ = try reader(bytes + [UInt8](repeating: 0, count: count)) }
      #expect(
        text.contains(
          "zip directory at byte \(bytes.count): expected the end of the file, behind the archive, found \(count) more bytes"
        ))
    }
    #expect(!message { _ = try reader(bytes + [UInt8](repeating: 0, count: 66_000)) }.isEmpty)
  }

  @Test func acceptsHeadersWrittenBeforeTheContents() throws {
    var entry = ZipAssembler.Entry("a", [1, 2, 3])
    entry.setBoth { $0.flags |= 8 }
    entry.local.checksum = 0
    entry.local.size = 0
    entry.local.storedSize = 0
    #expect(try contents(reader(ZipAssembler([entry]).bytes()), "a") == [1, 2, 3])
    entry.local.size = 0xffff_ffff
    entry.local.storedSize = 0xffff_ffff
    #expect(try contents(reader(ZipAssembler([entry]).bytes()), "a") == [1, 2, 3])
  }

  @Test func acceptsZip64Records() throws {
    var archive = ZipAssembler([ZipAssembler.Entry("a", [1]), ZipAssembler.Entry("b", [2, 3])])
    archive.wideCount = 2
    archive.directorySize = 0xffff_ffff
    archive.directoryOffset = 0xffff_ffff
    #expect(try contents(reader(archive.bytes()), "b") == [2, 3])
  }

  @Test func isUsedWithManyMembers() throws {
    let entries = (0..<5_000).map { ZipAssembler.Entry("member \($0)", []) }
    var archive = ZipAssembler(entries)
    #expect(try reader(archive.bytes()).member(named: "member 4999")?.index == 4_999)
    archive.entries.append(entries[17])
    #expect(message { _ = try reader(archive.bytes()) }.contains("zip member 'member 17' at byte"))
  }
}
