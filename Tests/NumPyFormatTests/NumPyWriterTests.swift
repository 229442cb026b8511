import FileIO
import ModelIR
import NumPyFormat
import TestSupport
import Testing

@Suite struct NumPyWriterTests {
  private func written(
    _ write: (inout OutputFile) throws -> Void
  ) throws -> [UInt8] {
    try withTemporaryDirectory { directory in
      let path = directory + "/out"
      var file = try OutputFile(path: path, overwrite: false)
      try write(&file)
      try file.commit()
      return try ByteRegion.map(path: path).withBytes { bytes in
        unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
      }
    }
  }

  private func array(_ name: String) throws -> Tensor {
    try NumPyReader.array(ByteRegion.map(path: Fixtures.path(name)))
  }

  /// Byte for byte what numpy wrote, for arrays that it keeps row-major and little-endian.
  @Test func writesWhatNumPyWrites() throws {
    let rowMajor = try Fixtures.expectedTensors("numpy/archive.txt").map { String($0.prefix { $0 != " " }) }
    #expect(rowMajor.count == 18)
    for path in rowMajor.map({ "numpy/\($0).npy" }) + ["tiny/input_1x3x224x224.npy"] {
      let tensor = try array(path)
      #expect(try written { try NumPyWriter.writeArray(tensor, to: &$0) } == Fixtures.bytes(path))
    }
  }

  @Test(arguments: ["fortran", "big_endian", "big_endian_fortran"])
  func writesViewsRowMajor(_ name: String) throws {
    let tensor = try array("numpy/\(name).npy")
    let copy = try NumPyReader.array(
      .copying(written { try NumPyWriter.writeArray(tensor, to: &$0) }))
    #expect(copy.isContiguous)
    #expect(try Fixtures.line(name, copy) == Fixtures.line(name, tensor))
  }

  @Test func writesArchives() throws {
    let arrays = try NumPyReader.archive(ByteRegion.map(path: Fixtures.path("numpy/stored.npz")))
    let first = try written { try NumPyWriter.writeArchive(arrays, to: &$0) }
    let second = try written { try NumPyWriter.writeArchive(arrays, to: &$0) }
    #expect(first == second)
    let copy = try NumPyReader.archive(.copying(first), verifyChecksums: true)
    #expect(try Fixtures.lines(copy) == Fixtures.expectedTensors("numpy/archive.txt"))
  }

  @Test func refusesWhatNumPyDoesNotHave() throws {
    let tensor = Tensor([1] as [Float], shape: [1])
    let type = message { _ = try written { try NumPyWriter.writeArray(tensor.cast(to: .bfloat16), to: &$0) } }
    #expect(type.contains("expected a type that numpy has, found bfloat16"))
    for name in ["/a", "../a", "a\\b", "a\u{0}"] {
      var arrays = StateDict()
      arrays.append(name, tensor)
      #expect(
        message { _ = try written { try NumPyWriter.writeArchive(arrays, to: &$0) } }.contains("the name "))
    }
  }
}
