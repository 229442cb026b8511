import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat
import TestSupport
import Testing

@Suite struct PolygraphyTests {
  /// `np.save` of `[1.5, -2]` as base64, by numpy.
  static let array =
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAg"
    + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwA=="

  static let ndarray = "{\"array\": \"\(array)\", \"polygraphy_class\": \"ndarray\"}"

  /// Results of one runner with one iteration, whose outputs are this object.
  static func results(_ outputs: String) -> String {
    "{\"lst\": [[\"r\", [{\"outputs\": \(outputs), \"runtime\": 0.5, \"runner_name\": \"r\","
      + " \"polygraphy_class\": \"IterationResult\"}]]], \"polygraphy_class\": \"RunResults\"}"
  }

  @Test func readsOutputs() throws {
    let expected = try NumPyReader.archive(try recorded("polygraphy.npz"))
    let recording = try PolygraphyRecording.read(try recorded("polygraphy_outputs.json"))
    #expect(recording.batches.count == 2)
    for (number, batch) in recording.batches.enumerated() {
      #expect(batch.names == ["log/of:conv", "largest"])
      #expect(try isSame(batch["log/of:conv"], expected["outputs.\(number).log_of:conv"]))
      #expect(try isSame(batch["largest"], expected["outputs.\(number).largest"]))
    }
    #expect(recording.notes.count == 2)
    #expect(recording.notes[0].hasPrefix("of 2 runners the first is compared, onnxrt-runner-N0-"))
    #expect(recording.notes[1] == "each of the 2 recorded iterations is a batch")
  }

  @Test func readsInputs() throws {
    let expected = try NumPyReader.archive(try recorded("polygraphy.npz"))
    let recording = try PolygraphyRecording.readInputs(try recorded("polygraphy_inputs.json"))
    #expect(recording.batches.map(\.names) == [["image"], ["image"]])
    for (number, batch) in recording.batches.enumerated() {
      #expect(try isSame(batch["image"], expected["inputs.\(number).image"]))
    }
  }

  @Test func readsOldMarkersAndAnyOrder() throws {
    let marker = "\"polygraphy_serialized_json_type\""
    let array = "{\"__polygraphy_encoded_ndarray\": \(marker), \"array\": \"\(Self.array)\"}"
    let lazy = "{\"__polygraphy_encoded_LazyNumpyArray\": \(marker), \"values\": \(array)}"
    let text =
      "{\"__polygraphy_encoded_RunResults\": \(marker), \"lst\": [[\"trt\", [{\"runner_name\": null, \"runtime\": null,"
      + " \"__polygraphy_encoded_IterationResult\": \(marker), \"outputs\": {\"a\": \(lazy), \"b\\u00e9\": \(array)}}]]]}"
    #expect(RecordingKind(file(text)) == .polygraphy)
    let recording = try PolygraphyRecording.read(file(text))
    #expect(recording.batches.map(\.names) == [["a", "bé"]])
    #expect(try recording.batches[0]["a"]?.floats() == [1.5, -2])
    #expect(recording.notes == [])
  }

  @Test func writesInputs() throws {
    var batch = StateDict()
    batch.append("x \"1\"\n", Tensor([1.5, -2] as [Float], shape: [2]))
    batch.append("counts", Tensor([7] as [Int64], shape: [1, 1]))
    try withTemporaryDirectory { directory in
      let path = directory + "/inputs.json"
      var output = try OutputFile(path: path, overwrite: false)
      try PolygraphyWriter.writeInputs([batch, batch], to: &output)
      try output.commit()
      let written = try ByteRegion.map(path: path)
      let text = unsafe written.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
      // Byte for byte what numpy saves.
      #expect(text.contains("\"x \\\"1\\\"\\n\": {\n      \"array\": \"\(Self.array)\",\n"))
      #expect(RecordingKind(written) == .polygraphyInputs)
      let read = try PolygraphyRecording.readInputs(written)
      #expect(read.batches.map(\.names) == [batch.names, batch.names])
      #expect(try read.batches[1]["x \"1\"\n"]?.floats() == [1.5, -2])
      #expect(try read.batches[0]["counts"]?.integers() == [7])
    }
  }

  @Test func writesNothingAsAnEmptyList() throws {
    try withTemporaryDirectory { directory in
      var output = try OutputFile(path: directory + "/i.json", overwrite: false)
      try PolygraphyWriter.writeInputs([], to: &output)
      #expect(output.byteCount == 3)
    }
  }

  @Test(arguments: [
    ("{", "expected a key, found the end"),
    ("{}", "expected at least one runner, found none"),
    ("{\"lst\": []}", "expected at least one runner"),
    ("{\"lst\": [[\"r\", []]]}", "expected at least one iteration of 'r'"),
    ("{\"lst\": [[\"r\"]]}", "expected a name and a list of iterations, found fewer"),
    ("{\"lst\": [[\"r\", [], 1]]}", "runner 0: byte"),
    ("{\"lst\": [], \"lst\": []}", "expected keys that differ"),
    ("{\"lst\": [], \"other\": 1}", "expected the key lst, found 'other'"),
    ("{\"polygraphy_class\": \"AccuracyResult\", \"lst\": []}", "expected an object of class RunResults"),
    (results("{}"), "expected at least one output"),
    (results("{\"y\": \(ndarray)}") + "{}", "expected the end of the text"),
    (results("{\"y\": 1}"), "array 'y': byte"),
    (results("{\"y\": {\"array\": \"\(array)\"}}"), "expected an object with a class, found none"),
    (results("{\"y\": {\"array\": \"\(array)\", \"polygraphy_class\": \"LazyArray\"}}"), "class ndarray"),
    (results("{\"y\": {\"values\": \(ndarray), \"polygraphy_class\": \"ndarray\"}}"), "class ndarray"),
    (
      results("{\"y\": {\"tensor\": \"UEsD\", \"polygraphy_class\": \"Tensor\"}}"),
      "found a tensor of PyTorch"
    ),
    (
      results("{\"y\": {\"array\": \(ndarray), \"shape\": [2], \"polygraphy_class\": \"FormattedArray\"}}"),
      "FormattedArray"
    ),
    (results("{\"y\": {\"array\": \"k05V\", \"polygraphy_class\": \"ndarray\"}}"), "array 'y'"),
    (results("{\"y\": {\"array\": \"k05\", \"polygraphy_class\": \"ndarray\"}}"), "base64 in groups of four"),
    (results("{\"y\": {\"array\": \"k0=V\", \"polygraphy_class\": \"ndarray\"}}"), "a character of base64"),
    (results("{\"y\": {\"array\": \"====\", \"polygraphy_class\": \"ndarray\"}}"), "a character of base64"),
    (results("{\"y\": {\"array\": \"\", \"polygraphy_class\": \"ndarray\"}}"), "found no bytes"),
    (
      results("{\"y\": {\"array\": \"k05V\\n\", \"polygraphy_class\": \"ndarray\"}}"),
      "a string without escapes"
    ),
    (
      results("{\"y\": {\"array\": \"\(array.dropLast(8))\", \"polygraphy_class\": \"ndarray\"}}"),
      "iteration 0, array 'y'"
    ),
  ])
  func refusesWhatIsNoResult(text: String, expected: String) {
    let refusal = message { _ = try PolygraphyRecording.read(file(text)) }
    #expect(refusal.hasPrefix("test.json: ") && refusal.contains(expected), "\(refusal)")
  }

  @Test func refusesNestingWithoutEnd() {
    var nested = Self.ndarray
    for _ in 0..<5_000 { nested = "{\"values\": \(nested), \"polygraphy_class\": \"LazyArray\"}" }
    #expect(
      message { _ = try PolygraphyRecording.read(file(Self.results("{\"y\": \(nested)}"))) }.contains(
        "'values'"))
    let brackets = String(repeating: "[", count: 1_000_000)
    #expect(message { _ = try PolygraphyRecording.read(file("{\"lst\": " + brackets)) }.contains("expected"))
    #expect(message { _ = try PolygraphyRecording.readInputs(file(brackets)) }.contains("expected '{'"))
  }

  @Test func escapesHostileNames() {
    let text = Self.results("{\"\\u001b[2J\\n\\u202e\": 1}")
    #expect(
      message { _ = try PolygraphyRecording.read(file(text)) }.contains("array '\\u{1b}[2J\\u{a}\\u{202e}'"))
  }

  @Test func survivesTruncationAndFlips() throws {
    let good = try Fixtures.bytes("recordings/polygraphy_outputs.json")
    let text = Array(
      Self.results("{\"y\": {\"values\": \(Self.ndarray), \"polygraphy_class\": \"LazyArray\"}}").utf8)
    #expect(try PolygraphyRecording.read(.copying(text)).batches[0]["y"]?.floats() == [1.5, -2])
    for count in 0..<text.count {
      _ = message { _ = try PolygraphyRecording.read(.copying(Array(text[..<count]), origin: "cut")) }
    }
    var random = RandomSource(seed: 1)
    for _ in 0..<2_000 {
      var damaged = good
      let index = Int(random.next() % UInt64(good.count))
      damaged[index] ^= 1 << UInt8(random.next() % 8)
      // What is damaged within an array is still one of as many elements, or it is refused.
      let read = readingDamaged("flipped") { () throws(ScaleNetError) in
        try PolygraphyRecording.read(.copying(damaged, origin: "flipped"))
      }
      for entry in read?.batches.flatMap(\.entries) ?? [] {
        #expect(try entry.tensor.bytes().count == entry.tensor.byteCount)
      }
    }
  }
}
