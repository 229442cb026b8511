import FileIO
import ModelIR
import NumPyFormat
import TestSupport
import Testing

/// Files that numpy wrote, against the arrays that it wrote.
@Suite struct NumPyReaderTests {
  @Test func readsEveryKindOfArray() throws {
    let expected = try Fixtures.expectedTensors("numpy/arrays.txt")
    #expect(expected.count == 23)
    for line in expected {
      let name = String(line.prefix { $0 != " " })
      let file = try ByteRegion.map(path: Fixtures.path("numpy/\(name).npy"))
      #expect(NumPyReader.recognizes(file))
      let tensor = try NumPyReader.array(file)
      #expect(tensor.storage.isMapped)
      #expect(try Fixtures.line(name, tensor) == line)
    }
  }

  @Test(arguments: ["stored", "compressed"]) func readsArchives(_ name: String) throws {
    let file = try ByteRegion.map(path: Fixtures.path("numpy/\(name).npz"))
    #expect(NumPyReader.recognizes(file))
    let arrays = try NumPyReader.archive(file, verifyChecksums: true)
    #expect(try Fixtures.lines(arrays) == Fixtures.expectedTensors("numpy/archive.txt"))
    #expect(arrays["vector"]?.storage.isMapped == (name == "stored"))
  }

  @Test func readsTheReferenceData() throws {
    let input = try NumPyReader.array(ByteRegion.map(path: Fixtures.path("tiny/input_1x3x224x224.npy")))
    #expect(input.shape == [1, 3, 224, 224])
    let file = try ByteRegion.map(path: Fixtures.path("tiny/activations_1x3x224x224.npz"))
    #expect(try NumPyReader.archive(file).count > 3)
  }

  @Test func recognizesOnlyArrays() throws {
    for name in ["tiny/tiny.pth", "tiny/tiny.legacy.pth", "tiny/structure.json"] {
      #expect(!NumPyReader.recognizes(try ByteRegion.map(path: Fixtures.path(name))))
    }
    #expect(!NumPyReader.recognizes(.copying([UInt8]())))
  }

  @Test(arguments: [
    ("object", "expected a numeric element type, found Python objects ('|O')"),
    ("structured", "expected a numeric element type, found a structured one"),
    ("text", "expected a numeric element type, found '<U3'"),
  ])
  func refusesOtherElements(_ name: String, _ expected: String) throws {
    let file = try ByteRegion.map(path: Fixtures.path("numpy/refused.\(name).npy"))
    #expect(message { _ = try NumPyReader.array(file) }.contains(expected))
  }
}
