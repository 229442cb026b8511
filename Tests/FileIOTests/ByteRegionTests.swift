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
