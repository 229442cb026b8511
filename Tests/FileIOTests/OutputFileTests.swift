import FileIO
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite struct OutputFileTests {
  private func contents(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  private func statusOfLink(_ path: String) -> mode_t {
    var information = stat()
    _ = unsafe lstat(path, &information)
    return information.st_mode
  }

  @Test func appearsOnlyWhenCommitted() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.bin"
      var file = try OutputFile(path: path, overwrite: false)
      try file.write("one ")
      try file.write([UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000))
      try file.write("!")
      #expect(!FileManager.default.fileExists(atPath: path))
      #expect(file.byteCount == 1_000_005)
      try file.commit()
      let text = try contents(path)
      #expect(text == "one " + String(repeating: "x", count: 1_000_000) + "!")
      #expect(try names(directory) == ["out.bin"])
    }
  }

  @Test func leavesNothingWhenDropped() throws {
    try withTemporaryDirectory { directory in
      var file = try OutputFile(path: directory + "/out.bin", overwrite: false)
      try file.write("text")
      try file.finish()
      // One where every file must have a name, and none elsewhere.
      #expect(try names(directory).count <= 1)
      #expect(try contents(file.temporaryPath) == "text")
      file.discard()
      #expect(try names(directory).isEmpty)
    }
  }

  @Test func refusesAnExistingFileAndKeepsIt() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.bin"
      try Data("old".utf8).write(to: URL(filePath: path))
      #expect(throws: ScaleNetError.exists(path: path)) {
        _ = try OutputFile(path: path, overwrite: false)
      }
      #expect(try contents(path) == "old")
    }
  }

  @Test func refusesAFileThatAppearedMeanwhile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.bin"
      var file = try OutputFile(path: path, overwrite: false)
      try file.write("new")
      try Data("old".utf8).write(to: URL(filePath: path))
      do {
        try file.commit()
        Issue.record("the commit should have failed")
      } catch {
        #expect(error as? ScaleNetError == .exists(path: path))
      }
      #expect(try contents(path) == "old")
      #expect(try names(directory) == ["out.bin"])
    }
  }

  @Test func replacesWhenAskedAndKeepsTheMode() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.bin"
      try Data("old".utf8).write(to: URL(filePath: path))
      unsafe chmod(path, 0o640)
      var file = try OutputFile(path: path, overwrite: true)
      try file.write("new")
      try file.commit()
      #expect(try contents(path) == "new")
      let mode = statusOfLink(path)
      #expect(mode & 0o777 == 0o640)
    }
  }

  @Test func writesThroughASymbolicLink() throws {
    try withTemporaryDirectory { directory in
      let target = directory + "/target.bin"
      let link = directory + "/link.bin"
      try Data("old".utf8).write(to: URL(filePath: target))
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.bin")
      var file = try OutputFile(path: link, overwrite: true)
      try file.write("new")
      try file.commit()
      #expect(try contents(target) == "new")
      let mode = statusOfLink(link)
      #expect(mode & S_IFMT == S_IFLNK)
    }
  }

  @Test(arguments: ["input.bin", "hard.bin", "soft.bin"])
  func refusesItsInput(name: String) throws {
    try withTemporaryDirectory { directory in
      let input = directory + "/input.bin"
      try Data("old".utf8).write(to: URL(filePath: input))
      try FileManager.default.linkItem(atPath: input, toPath: directory + "/hard.bin")
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/soft.bin", withDestinationPath: "input.bin")
      let region = try ByteRegion.map(path: input)
      let path = directory + "/" + name
      #expect(throws: ScaleNetError.outputIsInput(path: path, input: input)) {
        _ = try OutputFile(path: path, overwrite: true, inputs: [region])
      }
      #expect(try contents(input) == "old")
    }
  }

  @Test func refusesWhatCannotBeCreated() throws {
    try withTemporaryDirectory { directory in
      for path in [directory, directory + "/missing/out.bin", directory + "/", "", "/dev/null"] {
        do throws(ScaleNetError) {
          _ = try OutputFile(path: path, overwrite: true)
          Issue.record("\(path) should have been refused")
        } catch {
          #expect(error.kind == .cannotCreate && error.path == path, "\(error)")
        }
      }
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/dangling", withDestinationPath: "nowhere")
      #expect(throws: ScaleNetError.self) {
        _ = try OutputFile(path: directory + "/dangling", overwrite: true)
      }
    }
  }

  @Test func reportsAFullDevice() throws {
    // /dev/full can't be a target, so a file size limit stands in for a full disk.
    try withTemporaryDirectory { directory in
      var old = rlimit()
      unsafe getrlimit(__rlimit_resource_t(1), &old)
      var limited = old
      limited.rlim_cur = 1 << 16
      let previous = signal(SIGXFSZ, SIG_IGN)
      unsafe setrlimit(__rlimit_resource_t(1), &limited)
      defer {
        unsafe setrlimit(__rlimit_resource_t(1), &old)
        signal(SIGXFSZ, previous)
      }
      var file = try OutputFile(path: directory + "/out.bin", overwrite: false)
      do throws(ScaleNetError) {
        try file.write([UInt8](repeating: 1, count: 1 << 20))
        Issue.record("the write should have failed")
      } catch {
        #expect(error.kind == .inputOutput)
        #expect("\(error)".hasPrefix("\(directory)/out.bin: write failed: "), "\(error)")
      }
      file.discard()
      #expect(try names(directory).isEmpty)
    }
  }
}
