import FoundationEssentials
import ScaleNetKit
import TestSupport
import Testing

/// Weights in several files, weights alone, and files that are no models.
@Suite struct WeightsFileTests {
  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// Two shards of the small network and their index.
  private func shards(in folder: String, _ ending: String) throws -> (names: [String], index: String) {
    let weights = try Model.open(Fixtures.path("tiny/tiny.pth")).tensors
    var map: [String] = []
    for (number, part) in [weights.entries.prefix(50), weights.entries.dropFirst(50)].enumerated() {
      var shard = StateDict()
      for entry in part {
        shard.append(entry.name, entry.tensor)
        map.append("\"\(entry.name)\": \"part-\(number).\(ending)\"")
      }
      var options = ConversionOptions()
      options.format = ending == "bin" ? .pytorch : .safetensors
      try Model(weights: shard).convert(to: "\(folder)/part-\(number).\(ending)", options)
    }
    let index = "\(folder)/model.\(ending).index.json"
    try write(
      "{\"metadata\": {\"total_size\": [1, {}]}, \"weight_map\": {\(map.joined(separator: ","))}}", index)
    return (weights.names, index)
  }

  @Test(arguments: ["safetensors", "bin"]) func shardsAreOneModel(_ ending: String) async throws {
    let expected = try Model.open(Fixtures.path("tiny/tiny.pth"))
    try await withTemporaryFolder { folder in
      let (names, index) = try shards(in: folder, ending)
      for path in [index, folder, folder + "/"] {
        let model = try Model.open(path)
        #expect(model.architecture == expected.architecture)
        #expect(model.tensors.names.sorted() == names.sorted())
        for entry in model.tensors.entries {
          let other = try #require(expected.tensors[entry.name])
          #expect(try entry.tensor.bytes() == other.bytes())
          #expect(entry.tensor.storage.isMapped)
        }
        #expect(model.notes.contains("The weights were read from 2 shards."))
      }
      guard case .model(let compared) = try Comparand.open(folder) else { return #expect(Bool(false)) }
      #expect(compared.architecture == expected.architecture)
      // No output may replace a shard.
      #expect(throws: ScaleNetError.self) {
        var options = ConversionOptions()
        options.overwrite = true
        options.format = .safetensors
        try Model.open(index).convert(to: "\(folder)/part-1.\(ending)", options)
      }
    }
  }

  @Test func indicesThatDoNotFitTheirShards() async throws {
    try await withTemporaryFolder { folder in
      let (_, index) = try shards(in: folder, "safetensors")
      let good = try String(contentsOf: URL(filePath: index), encoding: .utf8)
      func refusal(_ old: String, _ new: String) throws -> String {
        try write(good.replacing(old, with: new), index)
        return message { _ = try Model.open(index) }
      }
      #expect(
        try refusal("\"fc.bias\": \"part-1.safetensors\"", "\"x\": \"part-1.safetensors\"").contains(
          "'fc.bias' in part-1.safetensors is not in the index; 'x' is not in part-1.safetensors"))
      #expect(
        try refusal("\"fc.bias\": \"part-1", "\"fc.bias\": \"part-0").contains(
          "'fc.bias' is in part-1.safetensors, and by the index in part-0.safetensors"))
      #expect(
        try refusal("part-1.safetensors", "part-2.safetensors").contains(
          "file 'part-2.safetensors': expected a file that can be read, found none"))
      for path in ["../part-1.safetensors", "/etc/passwd", "..", "a/b", ""] {
        #expect(
          try refusal("part-1.safetensors", path).contains(
            "expected the name of a file in the same directory"))
      }
      #expect(try refusal("\"metadata\"", "\"weight_map\": {}, \"metadata\"").contains("keys that differ"))
      // A link out of the directory is not followed; its target is a good shard, so that nothing else can be at fault.
      try FileManager.default.createDirectory(atPath: folder + "/other", withIntermediateDirectories: false)
      try FileManager.default.moveItem(
        atPath: folder + "/part-1.safetensors", toPath: folder + "/other/part-1.safetensors")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/part-1.safetensors", withDestinationPath: "other/part-1.safetensors")
      #expect(
        try refusal("", "").contains("expected a file that is no link, found a link that leads elsewhere"))
    }
  }

  @Test func linksWithinACacheAreFollowed() async throws {
    try await withTemporaryFolder { folder in
      // As Hugging Face's cache has them: a snapshot of links to blobs.
      let files = FileManager.default
      try files.createDirectory(atPath: folder + "/blobs", withIntermediateDirectories: false)
      try files.createDirectory(atPath: folder + "/snapshot", withIntermediateDirectories: false)
      let (names, index) = try shards(in: folder + "/blobs", "safetensors")
      for name in ["part-0.safetensors", "part-1.safetensors", "model.safetensors.index.json"] {
        try files.createSymbolicLink(
          atPath: "\(folder)/snapshot/\(name)", withDestinationPath: "../blobs/\(name)")
      }
      #expect(index.hasSuffix("model.safetensors.index.json"))
      #expect(try Model.open(folder + "/snapshot").tensors.count == names.count)
    }
  }

  @Test func filesThatAreNoModelsAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/model.pth"
      let files: [([UInt8], String)] = [
        ([], "an empty file"),
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".utf8), "git lfs pull"),
        (Array("\n <!DOCTYPE html><html>".utf8), "a web page in place of the file"),
        ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "gzip has compressed: unpack it with gunzip"),
        ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "a PNG image"),
        ([0xff, 0xd8, 0xff, 0xe0, 0, 16], "a JPEG image"),
        (
          [UInt8](repeating: 97, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 300),
          "a tar archive"
        ),
        (Array("PK\u{3}\u{4}junk and no directory".utf8), "a damaged zip archive"),
        ([0x80, 4, 0x4e, 0x2e], "a plain pickle of Python"),
        (Array("{\"a\": 1}".utf8), "JSON of another kind"),
        ([1, 2, 3], "3 bytes that begin with 01 02 03"),
      ]
      for (bytes, words) in files {
        try Data(bytes).write(to: URL(filePath: path))
        #expect(message { _ = try Model.open(path) }.contains(words))
        #expect(message { _ = try Comparand.open(path) }.contains(words))
      }
    }
    #expect(message { _ = try Model.open(Fixtures.path("tiny")) }.contains("a directory of"))
  }

  @Test func aMovingAverageIsNotedAndRead() throws {
    // `facts` are what training scripts keep beside weights.
    let model = try Model.open(Fixtures.path("pytorch/objects.protocol2.pth"))
    #expect(model.facts["args.arch"] == "resnet18")
    #expect(model.isTensorsOnly)
    let report = try model.inspectTensors()
    #expect(report.reason?.contains("layer1.0.conv2.0.weight") == true)
    #expect(report.tensors.map(\.name) == model.tensors.names)
  }
}
