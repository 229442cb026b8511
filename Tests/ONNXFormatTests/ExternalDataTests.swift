import FileIO
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import ModelIR
@testable import ONNXFormat

@Suite struct ExternalDataTests {
  /// The message of reading a model in `directory` whose weights `w` [2] lie outside.
  private func failure(_ entries: [(String, String)], in directory: String) -> String {
    let bytes = WireEncoder.simple {
      $0.external("w", [2], entries)
      $0.node("Relu", "n", ["x"], ["y"])
    }
    return ONNXFormatTests.failure(bytes, path: "\(directory)/model.onnx")
  }

  private func create(_ path: String, _ values: [Float] = [1, 2]) throws {
    try Data(WireEncoder.floats(values)).write(to: URL(filePath: path))
  }

  @Test func onlyFilesInTheDirectoryAreOpened() throws {
    try withTemporaryDirectory { root in
      let directory = "\(root)/model"
      let manager = FileManager.default
      for name in ["model", "model2", "outside", "model/sub"] {
        try manager.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      }
      for name in ["model2/w", "outside/w", "model/good", "model/sub/good", "outside/linked"] {
        try create("\(root)/\(name)")
      }
      try manager.createSymbolicLink(atPath: "\(directory)/link", withDestinationPath: "../outside/w")
      try manager.createSymbolicLink(atPath: "\(directory)/dir", withDestinationPath: "../outside")
      try manager.createSymbolicLink(atPath: "\(directory)/inner", withDestinationPath: "good")
      try manager.linkItem(atPath: "\(root)/outside/linked", toPath: "\(directory)/hard")
      #expect(failure([("location", "good")], in: directory) == "no error")
      #expect(failure([("location", "sub/good")], in: directory) == "no error")
      #expect(failure([("location", "./good")], in: directory) == "no error")
      for location in [
        "../outside/w", "../model2/w", "sub/../good", "./../outside/w", ".", "\(root)/outside/w",
        "/etc/passwd", "",
        "sub//good",
        "sub/", "..", "a\\..\\good",
      ] {
        #expect(
          failure([("location", location)], in: directory).contains(
            "a relative path below the model's directory"),
          "\(location)")
      }
      for location in ["link", "dir/w", "inner", "missing"] {
        #expect(
          failure([("location", location)], in: directory).contains("reached without symbolic links"),
          "\(location)")
      }
      #expect(failure([("location", "hard")], in: directory).contains("has 2 hard links"))
      #expect(failure([("location", "sub")], in: directory).contains("expected a regular file"))
      #expect(failure([("location", "/dev/zero")], in: directory).contains("a relative path"))
    }
  }

  /// Caches of downloads have links to blobs, which all lie in one directory.
  @Test func linksWithinOneCacheAreFollowed() throws {
    try withTemporaryDirectory { root in
      let manager = FileManager.default
      for name in ["blobs", "snapshot", "other"] {
        try manager.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      }
      for name in ["blobs/model", "blobs/data", "other/data", "snapshot/own"] {
        try create("\(root)/\(name)")
      }
      for (name, target) in [
        ("model.onnx", "../blobs/model"), ("data", "../blobs/data"), ("outside", "../other/data"),
        ("inside", "own"),
      ] {
        try manager.createSymbolicLink(atPath: "\(root)/snapshot/\(name)", withDestinationPath: target)
      }
      func failure(_ location: String, model: String) -> String {
        let reader = ExternalDataReader(path: "\(root)/snapshot/\(model)")
        do throws(ScaleNetError) {
          _ = try reader.region([("location", location)], byteCount: 8, tensor: "w")
          return "no error"
        } catch {
          return error.description
        }
      }
      #expect(failure("data", model: "model.onnx") == "no error")
      #expect(failure("own", model: "model.onnx") == "no error")
      for location in ["outside", "inside"] {
        #expect(failure(location, model: "model.onnx").contains("reached without symbolic links"))
      }
      // The model is no link here.
      #expect(failure("data", model: "own").contains("reached without symbolic links"))
    }
  }

  @Test func offsetsAndLengthsAreChecked() throws {
    try withTemporaryDirectory { directory in
      try create("\(directory)/data", [1, 2, 3])
      func entries(_ offset: String, _ length: String) -> String {
        failure([("location", "data"), ("offset", offset), ("length", length)], in: directory)
      }
      #expect(entries("4", "8") == "no error")
      #expect(failure([("location", "data")], in: directory) == "no error")
      #expect(entries("5", "8").contains("expected 8 bytes at offset 5 of data, found a file of 12 bytes"))
      for text in ["-1", "99999999999999999999", "x", "", "+4", "0x4", " 4"] {
        #expect(entries(text, "8").contains("external_data offset: expected a number of bytes"), "\(text)")
        #expect(entries("0", text).contains("external_data length: expected a number of bytes"), "\(text)")
      }
      #expect(entries("9223372036854775807", "8").contains("found a file of 12 bytes"))
      #expect(entries("0", "12").contains("external_data length: expected 8, found 12"))
      #expect(failure([("offset", "0")], in: directory).contains("expected a location"))
      #expect(failure([("location", "data"), ("key", "1")], in: directory).contains("found \"key\""))
      #expect(failure([("location", "data"), ("location", "data")], in: directory).contains("location once"))
    }
  }

  private func model(_ factor: Float = 1) throws -> StoredModel {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 64]))
    let weight = try graph.addInitializer(
      "w", Tensor((0..<64 * 64).map { Float($0) * factor }, shape: [64, 64]))
    let wide = try graph.addInitializer(
      "wide", Tensor([Float](repeating: factor, count: 64 * 4096), shape: [64, 4096]))
    let bias = try graph.addInitializer("b", Tensor([Float](repeating: 1, count: 64), shape: [64]))
    let h = try graph.addNode("h", .gemm(Gemm()), inputs: [x, weight, bias])[0]
    graph.addOutput(try graph.addNode("y", .gemm(Gemm()), inputs: [h, wide])[0])
    return StoredModel(graph: graph)
  }

  private func names(in directory: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: directory))
  }

  private func commit(_ model: StoredModel, to path: String, overwrite: Bool = true) throws -> ONNXWriter
    .ExternalData?
  {
    let writer = try ONNXWriter(model, path: path, options: .init(externalData: .always))
    var output = try ONNXOutput(writer, overwrite: overwrite)
    try output.write()
    try output.commit()
    return writer.externalData
  }

  @Test func aPairIsWrittenAndReplaced() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/model.onnx"
      let first = try #require(try commit(try model(), to: path, overwrite: false))
      #expect(try names(in: directory) == ["model.onnx", first.location])
      #expect(try bytes(at: "\(directory)/\(first.location)").count == first.byteCount)
      // Pages for the first tensor, the coarser alignment for the one of a mebibyte.
      #expect(first.byteCount == 65536 + 64 * 4096 * 4)
      let again = try ONNXReader.read(.map(path: path), path: path).graph
      try expectEqual(try model().graph, again)

      let second = try #require(try commit(try model(2), to: path))
      #expect(second.location != first.location)
      #expect(try names(in: directory) == ["model.onnx", second.location])
      try expectEqual(try model(2).graph, try ONNXReader.read(.map(path: path), path: path).graph)

      // The same weights again keep the same file.
      #expect(try commit(try model(2), to: path) == second)
      #expect(try names(in: directory) == ["model.onnx", second.location])
    }
  }

  @Test func anInterruptedRunLeavesNothingInTheWay() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/model.onnx"
      let data = try #require(try commit(try model(), to: path))
      // As after a kill between the two commits: the data without a model.
      try FileManager.default.removeItem(atPath: path)
      #expect(try commit(try model(), to: path, overwrite: false) == data)
      // Anything else under that name is somebody's.
      try FileManager.default.removeItem(atPath: path)
      try create("\(directory)/\(data.location)")
      #expect(throws: ScaleNetError.exists(path: "\(directory)/\(data.location)")) {
        _ = try commit(try model(), to: path, overwrite: false)
      }
      #expect(try names(in: directory) == [data.location])
    }
  }

  @Test func nothingIsLeftWithoutACommit() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/model.onnx"
      let old = try #require(try commit(try model(), to: path))
      let before = try bytes(at: path)
      do {
        let writer = try ONNXWriter(try model(3), path: path, options: .init(externalData: .always))
        var output = try ONNXOutput(writer, overwrite: true)
        // What was written can be verified before the commit.
        let written = try output.write()
        let options = ONNXReader.Options(externalData: written.data)
        let graph = try ONNXReader.read(written.model, path: path, options: options).graph
        try expectEqual(try model(3).graph, graph)
      }
      #expect(try names(in: directory) == ["model.onnx", old.location])
      #expect(try bytes(at: path) == before)
    }
  }

  @Test func aFailedModelTakesItsDataAlong() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/model.onnx"
      let writer = try ONNXWriter(try model(), path: path, options: .init(externalData: .always))
      var output = try ONNXOutput(writer, overwrite: false)
      try output.write()
      // Somebody else takes the model's name.
      try create(path)
      let mine = try bytes(at: path)
      var thrown: ScaleNetError?
      do throws(ScaleNetError) { try output.commit() } catch { thrown = error }
      #expect(thrown == .exists(path: path))
      #expect(try names(in: directory) == ["model.onnx"])
      #expect(try bytes(at: path) == mine)
    }
  }

  @Test func aModelOverTwoGibibytesIsRefusedBeforeWriting() throws {
    // One element, repeated: no memory is needed for 2.5 GiB.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 5]))
    let tensor = try Tensor(
      .float32, [5, 1 << 27], storage: .copying([Float(1)]), strides: [0, 0])
    let weight = try graph.addInitializer("w", tensor)
    graph.addOutput(try graph.addNode("y", .gemm(Gemm()), inputs: [x, weight])[0])
    #expect(throws: ScaleNetError.self) {
      try ONNXWriter(StoredModel(graph: graph), path: "m.onnx", options: .init(externalData: .never))
    }
  }

  @Test func aFileOverTwoGibibytesIsRefusedUnread() throws {
    try withTemporaryDirectory { directory in
      // A hole: it takes no space.
      let path = "\(directory)/large.onnx"
      try Data([8, 8]).write(to: URL(filePath: path))
      let status = unsafe truncate(path, 1 << 31)
      #expect(status == 0)
      let file = try ByteRegion.map(path: path)
      #expect(
        throws: ScaleNetError.invalidModel(
          path: path, place: "file", expected: "at most 2147483647 bytes", found: "2147483648")
      ) { _ = try ONNXReader.read(file, path: path) }
    }
  }

  @Test func hashesDoNotDependOnPieces() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var whole = ContentHash()
    unsafe whole.update(bytes.span.bytes)
    for size in [1, 3, 8, 13, 999] {
      var pieces = ContentHash()
      for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = Array(bytes[start..<min(start + size, bytes.count)])
        unsafe pieces.update(piece.span.bytes)
      }
      #expect(pieces.text == whole.text)
    }
    var other = ContentHash()
    unsafe other.update((bytes + [0]).span.bytes)
    #expect(other.text != whole.text)
    #expect(whole.text.count == 16)
  }
}
