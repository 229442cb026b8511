import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat
import TestSupport
import Testing

@Suite struct TensorRTTests {
  private func values(_ text: String) throws -> [Double]? {
    try read("[{\"name\": \"y\", \"dimensions\": \"1\", \"values\": [\(text)]}]")["y"]?.doubles()
  }

  private func read(_ text: String) throws -> StateDict { try TensorRTRecording.read(file(text)).batches[0] }

  @Test func readsWhatTrtexecWrites() throws {
    let expected = try NumPyReader.archive(try recorded("trtexec.npz"))
    let recording = try TensorRTRecording.read(try recorded("trtexec.json"))
    #expect(recording.batches.map(\.names) == [["logits", "classes:0"]])
    let logits = try #require(recording.batches[0]["logits"])
    #expect(logits.shape == [2, 10] && logits.dataType == .float32)
    for (found, element) in zip(try logits.floats(), try #require(expected["logits"]).floats()) {
      // Six digits are left of each value.
      let isClose = abs(found - element) <= 5e-6 * abs(element)
      #expect(isClose || found == element || (found.isNaN && element.isNaN), "\(found) \(element)")
    }
    let classes = try #require(recording.batches[0]["classes:0"])
    #expect(classes.shape == [4] && classes.dataType == .float64)
    #expect(try classes.doubles() == [0, -1, 999, Double(123_456_789_012_345_678 as Int64)])
    #expect(recording.notes.count == 1 && recording.notes[0].contains("here 6 significant ones"))
  }

  @Test func readsOlderDimensionsAndScalars() throws {
    let outputs = try read(
      "[{\"values\": [1, 2], \"dimensions\": \"(1, 2)\", \"name\": \"a\"},"
        + "{\"name\": \"b\", \"dimensions\": \"\", \"values\": [3]}, {\"name\": \"c\", \"dimensions\": \"()\", \"values\": [4]},"
        + "{\"name\": \"d\", \"dimensions\": \"2x0x3\", \"values\": []}]")
    #expect(outputs.entries.map { $0.tensor.shape } == [[1, 2], [], [], [2, 0, 3]])
    #expect(try outputs["a"]?.floats() == [1, 2])
  }

  @Test(arguments: [
    ("0", 0.0), ("-0.5", -0.5), ("1e-07", 1e-7), ("1.17549e-38", 1.17549e-38),
    ("4.9406564584124654e-324", Double.leastNonzeroMagnitude),
    ("123456789.123456789", 123456789.123456789), ("9007199254740993", 9_007_199_254_740_992),
    ("0.1000000000000000055511151231257827", 0.1), ("2.5E+3", 2500), ("1e22", 1e22), ("1e23", 1e23),
    ("8.5e-23", 8.5e-23), ("1.7976931348623157e308", 1.7976931348623157e308),
    ("0.000000000000000000000000000000012345", 1.2345e-32), ("inf", .infinity), ("-Infinity", -.infinity),
  ])
  func readsNumbersExactly(text: String, expected: Double) throws {
    // What float32 holds is kept as float32.
    let narrow = Double(Float(expected))
    let found = try #require(try values(text)?.first)
    #expect(found == expected || found == narrow)
    // Counts are exact.
    if text.allSatisfy(\.isNumber) { #expect(found == expected) }
  }

  @Test(arguments: ["nan", "-nan", "NaN", "nan(ind)", "-nan(ind)"])
  func readsNumbersThatAreNone(text: String) throws {
    #expect(try values(text)?.first?.isNaN == true)
  }

  @Test(arguments: [
    "", ",", "1,", "1 2", "01", "1.", ".5", "+1", "--1", "1e", "1e+", "0x10", "1e400", "-1e999999999999",
    "in", "nanny",
    "infinit", "null", "true", "\"1\"", "[1]", "1_0", "٣", "- 1",
  ])
  func refusesOtherNumbers(text: String) {
    let refusal = message { _ = try values(text) }
    #expect(refusal.hasPrefix("test.json: output 0: byte "), "\(refusal)")
  }

  @Test(arguments: [
    ("[", "expected '{', found the end"), ("[]", "expected at least one output, found none"),
    ("[{}]", "expected the keys name, dimensions and values, found fewer"),
    ("[{\"name\": \"y\", \"dimensions\": \"1\"}]", "found fewer"),
    ("[{\"name\": 1}]", "expected '\"'"),
    ("[{\"name\": \"y\", \"type\": \"f\"}]", "found 'type'"),
    ("[{\"name\": \"y\", \"name\": \"y\"}]", "expected keys that differ"),
    ("[{\"dimensions\": \"1x\"}]", "expected dimensions such as 1x1000, found '1x'"),
    ("[{\"dimensions\": \"-1x3\"}]", "found '-1x3'"), ("[{\"dimensions\": \"1X3\"}]", "found '1X3'"),
    ("[{\"dimensions\": \"99999999999999999999\"}]", "found '99999999999999999999'"),
    ("[{\"dimensions\": \"4611686018427387904x8x0\"}]", "found '4611686018427387904x8x0'"),
    ("[{\"dimensions\": \"1000000x1000\"}]", "for the file's size"),
    (
      "[{\"name\": \"y\", \"dimensions\": \"3\", \"values\": [1, 2]}]",
      "expected 3 values for [3] of 'y', found 2"
    ),
    (
      "[{\"name\": \"y\", \"dimensions\": \"\", \"values\": [1]}, {\"name\": \"y\", \"dimensions\": \"\", \"values\": [1]}]",
      "expected names that differ, found 'y' twice"
    ),
    ("[{\"name\": \"y\", \"dimensions\": \"1\", \"values\": [1]}] x", "expected the end of the text"),
    ("[{\"name\": \"\\ud800\"}]", "a pair of surrogates"), ("[{\"name\": \"\\x\"}]", "an escape of JSON"),
    ("[{\"name\": \"a\nb\"}]", "no control characters"), ("[{\"name\": \"y\",}]", "expected a value"),
  ])
  func refusesOtherFiles(text: String, expected: String) {
    let refusal = message { _ = try TensorRTRecording.read(file(text)) }
    #expect(refusal.hasPrefix("test.json: ") && refusal.contains(expected), "\(refusal)")
  }

  @Test func refusesWhatIsNoUTF8() {
    let bytes = Array("[{\"name\": \"".utf8) + [0xff, 0xfe] + Array("\"}]".utf8)
    #expect(
      message { _ = try TensorRTRecording.read(.copying(bytes, origin: "test.json")) }.contains(
        "expected UTF-8"))
  }

  @Test func survivesTruncationAndFlips() throws {
    let good = try Fixtures.bytes("recordings/trtexec.json")
    for count in 0..<(good.count - 1) {
      _ = message { _ = try TensorRTRecording.read(.copying(Array(good[..<count]), origin: "cut")) }
    }
    for index in good.indices {
      for bit in 0..<8 {
        var damaged = good
        damaged[index] ^= 1 << UInt8(bit)
        // A digit may have become another; whatever is read has the shape that is stated.
        let read = readingDamaged("flipped") { () throws(ScaleNetError) in
          try TensorRTRecording.read(.copying(damaged, origin: "flipped"))
        }
        for entry in read?.batches.flatMap(\.entries) ?? [] {
          #expect(try entry.tensor.bytes().count == entry.tensor.byteCount)
        }
      }
    }
  }
}

@Suite struct RecordingKindTests {
  @Test(arguments: [
    ("  \n[{\"name\": \"y\"", RecordingKind.trtexec), ("[{\"values\" : [ 1", .trtexec),
    ("[{\"dimensions\":\"1\"", .trtexec), ("[{\"name\": {\"array\": \"\"", .polygraphyInputs),
    ("{\"lst\": [", .polygraphy), ("{\"polygraphy_class\": \"RunResults\"", .polygraphy),
    ("[[64,0,0,0,56]]", .structure), ("{\"a\": 1}", .otherJSON), ("[1, 2]", .otherJSON), ("{}", .otherJSON),
    ("[{\"name\": 1", .otherJSON),
  ])
  func isToldFromTheFirstKeys(text: String, expected: RecordingKind) {
    #expect(RecordingKind(file(text)) == expected)
  }

  @Test(arguments: ["", "   ", "x", "{", "[", "{1", "{\"\\q", "(lp0", "\"text\"", "12"])
  func isNoneOfWhatIsNoJSON(text: String) {
    #expect(RecordingKind(file(text)) == nil)
  }

  @Test(arguments: [
    "tiny/tiny.pth", "tiny/tiny.legacy.pth", "tiny/input_1x3x224x224.npy", "onnx/aggregation_output.npy",
  ])
  func isNoneOfModels(name: String) throws {
    #expect(RecordingKind(try ByteRegion.map(path: Fixtures.path(name))) == nil)
  }
}
