import FileIO
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite struct ByteRegionTests {
  private func resize(_ path: String, _ size: Int) throws {
    try #require(unsafe truncate(path, size) == 0)
  }

  /// Reads one byte, wherever it is.
  private func byte(_ region: ByteRegion, at offset: Int) -> UInt8 {
    region.withBytes { unsafe $0.unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
  }

  @Test func mapsAFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/in.bin"
      try Data([1, 2, 3, 4]).write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      #expect(region.count == 4)
      #expect(byte(region, at: 2) == 3)
      let part = region.slice(1..<3)
      #expect(part.count == 2)
      #expect(byte(part, at: 0) == 2)
      try part.checkIntact()
    }
  }

  @Test func mapsAnEmptyFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/empty"
      try Data().write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      #expect(region.count == 0)
      try region.checkIntact()
    }
  }

  @Test func saysWhatIsWrong() throws {
    try withTemporaryDirectory { directory in
      #expect(throws: ScaleNetError.notFound(path: directory + "/none")) {
        _ = try ByteRegion.map(path: directory + "/none")
      }
      #expect(throws: ScaleNetError.notARegularFile(path: directory, found: "a directory")) {
        _ = try ByteRegion.map(path: directory)
      }
      let made = unsafe mkfifo(directory + "/fifo", 0o600)
      #expect(made == 0)
      #expect(throws: ScaleNetError.notARegularFile(path: directory + "/fifo", found: "a FIFO")) {
        _ = try ByteRegion.map(path: directory + "/fifo")
      }
    }
  }

  @Test func survivesAFileThatIsShortened() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/in.bin"
      try Data(repeating: 7, count: 1 << 20).write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      try resize(path, 4096)
      // Without the guard this read ends the process.
      _ = byte(region, at: (1 << 20) - 1)
      #expect(throws: ScaleNetError.shortened(path: path, expected: 1 << 20, found: 4096)) {
        try region.checkIntact()
      }
      let part = region.slice(0..<10)
      #expect(throws: ScaleNetError.self) { try part.checkIntact() }
    }
  }

  @Test func noticesAFileThatIsWrittenOver() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/in.bin"
      try Data([1, 2, 3, 4]).write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      try region.checkUnchanged()
      let handle = try unsafe #require(fopen(path, "r+"))
      unsafe fputc(9, handle)
      unsafe fclose(handle)
      let text = message { try region.checkIntact() }
      #expect(text.contains("the file was changed while it was read: it was written to at"), "\(text)")
      #expect(throws: ScaleNetError.self) { try region.slice(0..<1).checkIntact() }
      // The times of a copy that keeps them are told by the time of the status.
      let other = try ByteRegion.map(path: path)
      var information = stat()
      _ = unsafe stat(path, &information)
      let again = try unsafe #require(fopen(path, "r+"))
      unsafe fputc(8, again)
      unsafe fclose(again)
      let times = [information.st_atim, information.st_mtim]
      let isSet = unsafe utimensat(AT_FDCWD, path, times, 0) == 0
      #expect(isSet)
      #expect(message { try other.checkIntact() }.contains("its status changed at"))
    }
  }

  @Test func aFileThatIsReplacedKeepsItsBytes() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/in.bin"
      try Data([1, 2, 3, 4]).write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      // A further name changes nothing.
      try FileManager.default.linkItem(atPath: path, toPath: directory + "/hard")
      try region.checkUnchanged()
      try Data([5]).write(to: URL(filePath: directory + "/new"))
      let isRenamed = unsafe rename(directory + "/new", path) == 0
      #expect(isRenamed)
      try region.checkIntact()
      #expect(byte(region, at: 0) == 1)
      #expect(message { try region.checkUnchanged() }.contains("another file stands there now"))
      try FileManager.default.removeItem(atPath: path)
      try region.checkIntact()
      #expect(message { try region.checkUnchanged() }.contains("it is no longer there"))
    }
  }

  @Test func hundredsOfFilesAreGuarded() throws {
    try withTemporaryDirectory { directory in
      var regions: [ByteRegion] = []
      for number in 0..<600 {
        let path = "\(directory)/\(number)"
        try Data(repeating: 7, count: 8192).write(to: URL(filePath: path))
        regions.append(try ByteRegion.map(path: path))
      }
      for number in [0, 255, 256, 599] {
        try resize("\(directory)/\(number)", 0)
        _ = byte(regions[number], at: 8000)
        #expect(throws: ScaleNetError.self) { try regions[number].checkIntact() }
      }
      try regions[300].checkIntact()
    }
  }

  @Test func noticesAHitEvenIfTheFileHasGrownAgain() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/in.bin"
      try Data(repeating: 7, count: 1 << 20).write(to: URL(filePath: path))
      let region = try ByteRegion.map(path: path)
      try resize(path, 0)
      _ = byte(region, at: 1 << 19)
      try resize(path, 1 << 20)
      #expect(throws: ScaleNetError.self) { try region.checkIntact() }
    }
  }
}
