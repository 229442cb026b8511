import FileIO
import Glibc
import ModelIR
import SafetensorsFormat
import TestSupport
import Testing

/// Files of the safetensors package, against what that package reads from them.
@Suite struct SafetensorsReaderTests {
  private func file(_ name: String) throws -> ByteRegion {
    try ByteRegion.map(path: Fixtures.path("safetensors/\(name).safetensors"))
  }

  @Test(arguments: ["types", "special", "metadata", "nothing", "foreign", "tiny.bfloat16"])
  func readsEveryKind(_ name: String) throws {
    let file = try file(name)
    #expect(SafetensorsReader.recognizes(file))
    let weights = try SafetensorsReader.read(file)
    #expect(try Fixtures.lines(weights) == Fixtures.expectedTensors("safetensors/\(name).txt"))
    #expect(weights.entries.allSatisfy { $0.tensor.storage.isMapped && $0.tensor.isContiguous })
    #expect(weights.notes == [])
  }

  @Test func readsEveryName() throws {
    let weights = try SafetensorsReader.read(file("names"))
    let expected = [
      "Z", "a\tb\"\\/\u{1}\u{7f}", "layer1.0.conv2.3.weight", "z", "zz", "é", "\u{ffff}", "\u{1f600}",
    ]
    #expect(weights.names == expected)
    let lines = try Fixtures.expectedTensors("safetensors/names.txt")
    #expect(try Fixtures.lines(weights) == lines)
    #expect(try weights["é"]?.floats() == [2])
  }

  @Test func readsMetadata() throws {
    #expect(try SafetensorsReader.metadata(file("types")) == [:])
    #expect(try SafetensorsReader.metadata(file("special")) == ["format": "pt"])
    let note = "é\"\n\r\t\u{8}\u{c}\u{2028}\u{1f}\\"
    #expect(try SafetensorsReader.metadata(file("metadata")) == ["note": note])
    #expect(try SafetensorsReader.metadata(file("foreign")) == ["käy": "\u{8}\u{c}\n\r\t\"\\"])
  }

  @Test func keepsEveryBit() throws {
    let weights = try SafetensorsReader.read(file("special"))
    let patterns: [UInt32] = [0x7fc1_2345, 0xffc0_0001, 1, 0x8000_0000, 0x7f80_0000]
    let bytes = patterns.flatMap { pattern in (0..<4).map { UInt8(truncatingIfNeeded: pattern >> (8 * $0)) } }
    #expect(try weights["patterns"]?.bytes() == bytes)
    #expect(weights["empty"]?.shape == [2, 0, 3])
    #expect(weights["scalar"]?.shape == [])
  }

  /// Rows of the values that the reference files were made of, as numbers.
  @Test func decodesNumbers() throws {
    let weights = try SafetensorsReader.read(file("types"))
    for name in ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"] {
      #expect(try weights["type_\(name)"]?.doubles() == [0, 1, 3, 7, 0, 1])
    }
    // The data begin at byte 1, where no float is aligned.
    let foreign = try SafetensorsReader.read(file("foreign"))
    #expect(try foreign["a\u{1f600}é/"]?.integers() == [0x0403_0201])
  }

  @Test(arguments: [DataType.float8E4M3FN, .float8E5M2])
  func readsElementsOfEightBits(_ type: DataType) throws {
    let tensor = try #require(try SafetensorsReader.read(file(type.rawValue))["layer.weight"])
    #expect(tensor.dataType == type && tensor.shape == [2, 2])
    #expect(try tensor.floats() == [0, 0, 0, 0])
  }

  @Test func recognizesOnlySafetensors() throws {
    for name in [
      "tiny/tiny.pth", "tiny/tiny.legacy.pth", "tiny/structure.json", "numpy/vector.npy", "numpy/stored.npz",
      "full/scalenet50.spec.json",
    ] {
      #expect(!SafetensorsReader.recognizes(try ByteRegion.map(path: Fixtures.path(name))))
    }
    for text in ["", "{", "{\"abcd\":{\"a\":1}}", "12345678{\"a\":1}"] {
      #expect(!SafetensorsReader.recognizes(.copying(Array(text.utf8))))
    }
    // A file cut off is still one, so that its error tells what is wrong.
    let bytes = try Fixtures.bytes("safetensors/types.safetensors")
    #expect(SafetensorsReader.recognizes(.copying(Array(bytes[..<100]))))
  }

  @Test func fileShortenedMeanwhile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/a.safetensors"
      let bytes = try Fixtures.bytes("safetensors/types.safetensors")
      var output = try OutputFile(path: path, overwrite: false)
      try output.write(bytes)
      try output.commit()
      let file = try ByteRegion.map(path: path)
      try #require(unsafe truncate(path, 4) == 0)
      #expect(message { _ = try SafetensorsReader.read(file) }.contains("shortened while it was read"))
    }
  }
}
