import FileIO
import ModelIR
import PyTorchFormat
import SafetensorsFormat
import TestSupport
import Testing

@Suite struct SafetensorsWriterTests {
  private func written(_ weights: StateDict, metadata: [String: String] = [:]) throws -> [UInt8] {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.safetensors"
      var file = try OutputFile(path: path, overwrite: false)
      try SafetensorsWriter.write(weights, metadata: metadata, to: &file)
      try file.commit()
      return try ByteRegion.map(path: path).withBytes { bytes in
        unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
      }
    }
  }

  private func checkpoint(_ name: String) throws -> StateDict {
    try PyTorchReader.read(ByteRegion.map(path: Fixtures.path(name)))
  }

  private func reversed(_ weights: StateDict) -> StateDict {
    var result = StateDict()
    for entry in weights.entries.reversed() { result.append(entry.name, entry.tensor) }
    return result
  }

  /// Byte for byte what the safetensors package wrote, whatever order the tensors come in.
  @Test(arguments: ["types", "special", "names", "metadata", "nothing", "tiny.bfloat16"])
  func writesWhatThePackageWrites(_ name: String) throws {
    let path = "safetensors/\(name).safetensors"
    let file = try ByteRegion.map(path: Fixtures.path(path))
    let weights = try SafetensorsReader.read(file)
    let metadata = try SafetensorsReader.metadata(file)
    let bytes = try Fixtures.bytes(path)
    #expect(try written(weights, metadata: metadata) == bytes)
    #expect(try written(reversed(weights), metadata: metadata) == bytes)
  }

  @Test func writesACheckpointAsThePackageWould() throws {
    let bytes = try written(checkpoint("tiny/tiny.bfloat16.pth"))
    #expect(try bytes == Fixtures.bytes("safetensors/tiny.bfloat16.safetensors"))
  }

  @Test(arguments: [
    "pytorch/views.pth", "pytorch/big_endian.pth", "pytorch/deflated.pth", "tiny/tiny.views.pth",
    "tiny/tiny.half.pth",
    "tiny/tiny.double.pth",
  ])
  func isReadBackBitForBit(_ name: String) throws {
    let weights = try checkpoint(name)
    let copy = try SafetensorsReader.read(.copying(written(weights)))
    #expect(copy.entries.allSatisfy { $0.tensor.isContiguous })
    #expect(try Fixtures.lines(copy).sorted() == Fixtures.lines(weights).sorted())
  }

  @Test func writesTiedTensorsTwice() throws {
    let weights = try checkpoint("pytorch/views.pth")
    let copy = try SafetensorsReader.read(.copying(written(weights)))
    #expect(try copy["tied.a"]?.bytes() == weights["tied.a"]?.bytes())
    #expect(try copy["tied.b"]?.bytes() == weights["tied.a"]?.bytes())
  }

  @Test func ordersAndEscapesMetadata() throws {
    let metadata = ["format": "pt", "é": "1", "A": "\u{1}\u{1f}\u{7f}\"\\/\n", "b": ""]
    var weights = StateDict()
    weights.append("w", Tensor([1] as [Float], shape: [1]))
    let bytes = try written(weights, metadata: metadata)
    #expect(try written(weights, metadata: metadata) == bytes)
    #expect(try SafetensorsReader.metadata(.copying(bytes)) == metadata)
    let header =
      #"{"__metadata__":{"A":"\u0001\u001f\#u{7f}\"\\/\n","b":"","format":"pt","é":"1"},"w":{"dtype":"F32","#
    #expect(String(decoding: bytes.dropFirst(8), as: UTF8.self).hasPrefix(header))
    #expect(bytes.count.isMultiple(of: 4) && (bytes.count - 4).isMultiple(of: 8))
  }

  @Test func writesViewsAsTheyAreSeen() throws {
    var weights = StateDict()
    weights.append("half", Tensor([1, 2.5, -3] as [Float], shape: [3]).cast(to: .float16))
    weights.append("scaled", Tensor([1, 2] as [Float], shape: [2]).scaled(byChannel: [2, 4]))
    weights.append("turned", Tensor([1, 2, 3, 4, 5, 6] as [Int64], shape: [2, 3]).transposed([1, 0]))
    let copy = try SafetensorsReader.read(.copying(written(weights)))
    #expect(copy.names == ["turned", "scaled", "half"])
    #expect(copy["half"]?.dataType == .float16)
    #expect(try copy["half"]?.floats() == [1, 2.5, -3])
    #expect(try copy["scaled"]?.floats() == [2, 8])
    #expect(copy["turned"]?.shape == [3, 2])
    #expect(try copy["turned"]?.integers() == [1, 4, 2, 5, 3, 6])
  }

  @Test func namesWhatCannotBeWritten() throws {
    func refusal(_ name: String, _ tensor: Tensor) -> String {
      var weights = StateDict()
      weights.append(name, tensor)
      return message { _ = try written(weights) }
    }
    let tensor = Tensor([1e10] as [Float], shape: [1])
    #expect(
      refusal("big", tensor.cast(to: .float16)).contains(
        "tensor 'big': element 0 is 10000000000.0, which overflows float16"))
    #expect(refusal("z", tensor.cast(to: .complex128)).hasSuffix("I8, U8, BOOL, found complex128"))
    #expect(refusal("__metadata__", tensor).contains("expected a name other than the metadata's"))
    var weights = StateDict()
    weights.append("a", tensor)
    let long = String(repeating: "n", count: 100_000_000)
    #expect(
      message { _ = try written(weights, metadata: ["a": long]) }.contains(
        "a header of at most 100000000 bytes"))
  }
}
