import FileIO
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite struct OutputSetTests {
  private func contents(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test func allAppearTogether() throws {
    try withTemporaryDirectory { directory in
      try Data("old".utf8).write(to: URL(filePath: directory + "/a"))
      let set = OutputSet(overwrite: true, inputs: [])
      try set.makeDirectory(directory + "/d")
      for name in ["a", "b", "d/c"] { try set.add("\(directory)/\(name)", Array(name.utf8)) }
      #expect(try contents(directory + "/a") == "old")
      #expect(!FileManager.default.fileExists(atPath: directory + "/b"))
      try set.commit()
      for name in ["a", "b", "d/c"] { #expect(try contents("\(directory)/\(name)") == name) }
      #expect(try names(directory) == ["a", "b", "d"])
    }
  }

  /// The last of three can't take its name: what stood at the first is back, and the second is gone.
  @Test(arguments: [false, true]) func oneFailureUndoesAll(isMade: Bool) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/a"
      if isMade { try Data("old".utf8).write(to: URL(filePath: path)) }
      let set = OutputSet(overwrite: true, inputs: [])
      for name in ["a", "b", "c"] { try set.add("\(directory)/\(name)", Array(name.utf8)) }
      try FileManager.default.createDirectory(atPath: directory + "/c", withIntermediateDirectories: false)
      try Data().write(to: URL(filePath: directory + "/c/file"))
      do throws(ScaleNetError) {
        try set.commit()
        // An exchange of names may put a directory aside; it is not this set's to take.
        Issue.record("the commit should have failed")
      } catch {
        #expect(error.path == directory + "/c", "\(error)")
      }
      #expect(try names(directory).filter { !$0.hasPrefix(".") } == (isMade ? ["a", "c"] : ["c"]))
      if isMade { #expect(try contents(path) == "old") }
      #expect(try names(directory + "/c") == ["file"])
    }
  }

  @Test func nothingIsLeftWithoutACommit() throws {
    try withTemporaryDirectory { directory in
      do {
        let set = OutputSet(overwrite: false, inputs: [])
        try set.makeDirectory(directory + "/d")
        try set.add(directory + "/d/a", [1])
      }
      #expect(try names(directory) == [])
    }
  }

  @Test func noOutputIsAnother() throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: ".")
      for other in ["a", "./a", "link/a"] {
        let text = message {
          try OutputSet.check(["\(directory)/a", "\(directory)/\(other)"], overwrite: false, inputs: [])
        }
        #expect(text.contains("the output is the same file as the output \(directory)/a"), "\(text)")
      }
      try Data().write(to: URL(filePath: directory + "/b"))
      try FileManager.default.linkItem(atPath: directory + "/b", toPath: directory + "/c")
      let text = message {
        try OutputSet.check(["\(directory)/b", "\(directory)/c"], overwrite: true, inputs: [])
      }
      #expect(text.contains("the same file as the output"))
    }
  }

  @Test func moreFilesThanAProcessKeepsOpen() throws {
    try withTemporaryDirectory { directory in
      let set = OutputSet(overwrite: false, inputs: [])
      for number in 0..<300 { try set.add("\(directory)/\(number)", [UInt8(number & 255)]) }
      try set.commit()
      #expect(try names(directory).count == 300)
    }
  }
}
