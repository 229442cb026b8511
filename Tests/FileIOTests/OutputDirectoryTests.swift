import FileIO
import FoundationEssentials
import TestSupport
import Testing

@Suite struct OutputDirectoryTests {
  @Test func isMadeOnce() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out"
      #expect(try OutputDirectory.create(path))
      #expect(try !OutputDirectory.create(path))
      #expect(try !OutputDirectory.create(path + "/"))
      try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "out")
      #expect(try !OutputDirectory.create(directory + "/link"))
    }
  }

  @Test func isNotMadeInTheWayOfSomethingElse() throws {
    try withTemporaryDirectory { directory in
      #expect(message { _ = try OutputDirectory.create("") }.contains("the path is empty"))
      #expect(
        message { _ = try OutputDirectory.create(directory + "/a/b") }.contains("No such file or directory"))
      try Data().write(to: URL(filePath: directory + "/file"))
      #expect(
        message { _ = try OutputDirectory.create(directory + "/file") }.contains("expected a directory"))
      try FileManager.default.createSymbolicLink(atPath: directory + "/loose", withDestinationPath: "nowhere")
      #expect(message { _ = try OutputDirectory.create(directory + "/loose") }.contains("cannot create"))
    }
  }

  @Test func isRemovedOnlyWhenEmpty() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out"
      _ = try OutputDirectory.create(path)
      try Data().write(to: URL(filePath: path + "/file"))
      OutputDirectory.removeIfEmpty(path)
      #expect(FileManager.default.fileExists(atPath: path))
      try FileManager.default.removeItem(atPath: path + "/file")
      OutputDirectory.removeIfEmpty(path)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
