import FileIO
import Testing

@Suite struct PathTests {
  /// Bytes, and whether they are UTF-8 without escapes of ours.
  static let names: [([UInt8], Bool)] = [
    (Array("plain".utf8), true), (Array("ä😀".utf8), true), ([0x61, 0xff], false),
    ([0xe2, 0x28, 0xa1], false),
    ([0x80], false), ([0xf0, 0x9f, 0x98], false), ([0xc0, 0xaf], false), ([0xed, 0xa0, 0x80], false),
    // What stands for a byte elsewhere is a name as well.
    (Array("\u{10f780}".utf8), false), (Array("\u{10f7ff}x".utf8), false), (Array("\u{10f77f}".utf8), true),
    ([], true),
  ]

  @Test(arguments: names) func bytesComeBack(bytes: [UInt8], isPlain: Bool) {
    let text = String(pathBytes: bytes)
    #expect(text.pathBytes == bytes)
    #expect(text.hasEscapedBytes != isPlain)
    if isPlain { #expect(Array(text.utf8) == bytes) }
  }

  @Test func everyByteHasAText() {
    let bytes = (1...255).map { UInt8($0) }
    #expect(String(pathBytes: bytes).pathBytes == bytes)
    #expect(String(pathBytes: [0x61, 0xff, 0x2f]).escapedForMessage == "a\\xff/")
    #expect(String(pathBytes: [0x61, 0xff]).displayedPath == "a\u{fffd}")
  }

  @Test func pathsAreSplitAtTheirLastSlash() {
    #expect("a/b/c".splitPath == ("a/b/", "c"))
    #expect("/c".splitPath == ("/", "c"))
    #expect("c".splitPath == ("./", "c"))
    // A combining mark is part of the name, and not of the slash.
    #expect("a/\u{301}b".splitPath.name.unicodeScalars.count == 2)
  }
}
