import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing
import ZipArchive

@Suite struct PyTorchWriterTests {
  private func withFile<Result>(_ weights: StateDict, _ body: (String) throws -> Result) throws -> Result {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.pth"
      var file = try OutputFile(path: path, overwrite: false)
      try PyTorchWriter.write(weights, to: &file)
      try file.commit()
      return try body(path)
    }
  }

  private func source(_ name: String) throws -> StateDict {
    try PyTorchReader.read(ByteRegion.map(path: Fixtures.path(name)))
  }

  @Test(arguments: [
    "pytorch/types.pth", "pytorch/views.pth", "pytorch/big_endian.pth", "pytorch/deflated.pth",
    "pytorch/python2.legacy.pth", "tiny/tiny.views.pth", "tiny/tiny.bfloat16.pth",
  ])
  func isReadBackBitForBit(_ name: String) throws {
    let weights = try source(name)
    try withFile(weights) { path in
      let copy = try PyTorchReader.read(ByteRegion.map(path: path), verifyChecksums: true)
      #expect(try Fixtures.lines(copy) == Fixtures.lines(weights))
      #expect(copy.notes == [])
    }
  }

  @Test func holdsWhatPyTorchLooksFor() throws {
    try withFile(source("pytorch/plain.pth")) { path in
      let archive = try ZipReader(ByteRegion.map(path: path))
      #expect(
        archive.members.map { archive.name(of: $0) } == [
          "archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/data/2",
          "archive/data/3", "archive/version",
        ])
      for member in archive.members {
        #expect(try archive.payloadRange(of: member).lowerBound.isMultiple(of: 64))
      }
    }
  }

  @Test func isDeterministic() throws {
    let weights = try source("pytorch/types.pth")
    let bytes: (String) throws -> [UInt8] = { path in
      try ByteRegion.map(path: path).withBytes { bytes in bytes.array(0..<bytes.byteCount) }
    }
    #expect(try withFile(weights, bytes) == withFile(weights, bytes))
  }

  @Test func writesCastTensorsAsTheyAreSeen() throws {
    var weights = StateDict()
    weights.append("half", Tensor([1, 2.5, -3] as [Float], shape: [3]).cast(to: .float16))
    weights.append("scaled", Tensor([1, 2] as [Float], shape: [2]).scaled(byChannel: [2, 4]))
    try withFile(weights) { path in
      let copy = try PyTorchReader.read(ByteRegion.map(path: path))
      #expect(copy["half"]?.dataType == .float16)
      #expect(try copy["half"]?.floats() == [1, 2.5, -3])
      #expect(try copy["scaled"]?.floats() == [2, 8])
    }
  }

  @Test func namesATensorThatCannotBeWritten() throws {
    var weights = StateDict()
    weights.append("big", Tensor([1e10] as [Float], shape: [1]).cast(to: .float16))
    #expect(message { try withFile(weights) { _ in } }.contains("tensor 'big'"))
  }
}
