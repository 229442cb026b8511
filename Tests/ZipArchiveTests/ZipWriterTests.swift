import CZip
import FileIO
import TestSupport
import Testing

@testable import ZipArchive

@Suite struct ZipWriterTests {
  private static let members: [(name: String, contents: [UInt8])] = [
    ("archive/data.pkl", Array("some text".utf8)), ("archive/data/0", []),
    ("archive/data/1", (0..<200).map { UInt8($0) }), ("größe", [1]),
  ]

  /// Writes the members in pieces, and hands the finished file's path to `body`.
  private func withArchive<Result>(
    wideLimit: UInt64 = 0xffff_ffff, wideCount: Int = 0xffff, _ body: (String) throws -> Result
  ) throws -> Result {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.zip"
      var file = try OutputFile(path: path, overwrite: false)
      var archive = ZipWriter(file, wideLimit: wideLimit, wideCount: wideCount)
      for (name, contents) in Self.members {
        try archive.begin(name, size: contents.count, in: &file)
        let middle = contents.count / 2
        unsafe try archive.append(Array(contents[..<middle]).span.bytes, to: &file)
        unsafe try archive.append(Array(contents[middle...]).span.bytes, to: &file)
        try archive.end(in: &file)
      }
      try archive.finish(&file)
      try file.commit()
      return try body(path)
    }
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    try ByteRegion.map(path: path).withBytes { bytes in bytes.array(0..<bytes.byteCount) }
  }

  /// The usual records, zip64 for members of 100 bytes and more, and zip64 for all.
  @Test(arguments: [(0xffff_ffff, 0xffff), (100, 0xffff), (1, 1)])
  func isReadBack(wideLimit: UInt64, wideCount: Int) throws {
    try withArchive(wideLimit: wideLimit, wideCount: wideCount) { path in
      let reader = try ZipReader(ByteRegion.map(path: path))
      #expect(reader.members.map { reader.name(of: $0) } == Self.members.map(\.name))
      for (member, expected) in zip(reader.members, Self.members) {
        try reader.verify(member)
        let range = try reader.payloadRange(of: member)
        #expect(range.lowerBound.isMultiple(of: 64))
        #expect(try Array(bytes(path)[range]) == expected.contents)
        #expect(member.checksum == CyclicRedundancyCheck.checksum(expected.contents))
      }
    }
  }

  @Test(arguments: [(0xffff_ffff, 0xffff), (100, 0xffff), (1, 1)])
  func isConsistentToLibzip(wideLimit: UInt64, wideCount: Int) throws {
    try withArchive(wideLimit: wideLimit, wideCount: wideCount) { path in
      var code: Int32 = 0
      let archive = unsafe zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code)
      defer { if let archive = unsafe archive { unsafe zip_discard(archive) } }
      #expect(code == 0)
      try #require(unsafe zip_get_num_entries(archive, 0) == zip_int64_t(Self.members.count))
      for (index, expected) in Self.members.enumerated() {
        let name = unsafe zip_get_name(archive, zip_uint64_t(index), 0)
        #expect(unsafe String(cString: name!) == expected.name)
        let member = unsafe zip_fopen_index(archive, zip_uint64_t(index), 0)
        defer { unsafe zip_fclose(member) }
        var contents = [UInt8](repeating: 0, count: 300)
        let count = unsafe zip_fread(member, &contents, 300)
        #expect(count == zip_int64_t(expected.contents.count))
        #expect(Array(contents.prefix(expected.contents.count)) == expected.contents)
      }
    }
  }

  @Test func isDeterministic() throws {
    let first = try withArchive { try bytes($0) }
    let second = try withArchive { try bytes($0) }
    #expect(first == second)
  }
}
