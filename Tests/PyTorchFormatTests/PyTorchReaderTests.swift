import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Files that PyTorch wrote, against what PyTorch reads from them.
@Suite struct PyTorchReaderTests {
  private func read(_ name: String, key: String? = nil) throws -> StateDict {
    let file = try ByteRegion.map(path: Fixtures.path(name))
    #expect(PyTorchReader.recognizes(file))
    return try PyTorchReader.read(file, key: key, verifyChecksums: true)
  }

  private static let tiny = [
    "backbone", "bfloat16", "data_parallel", "double", "half", "legacy", "parameters", "", "torch030.legacy",
    "training_checkpoint", "views.legacy", "views", "wrapped.legacy",
  ].map { $0.isEmpty ? "tiny.pth" : "tiny.\($0).pth" }

  @Test(arguments: tiny) func readsTinyScaleNet(_ name: String) throws {
    let index = try Fixtures.expectedTensors("tiny/expected/index.txt")
    let line = try #require(index.first { $0.hasPrefix(name + " ") })
    let expected = try Fixtures.expectedTensors("tiny/expected/" + line.dropFirst(name.count + 1))
    #expect(expected.count > 100)
    // Prefixes are taken off where networks are recognised, not here.
    let found = try Fixtures.lines(read("tiny/" + name)).map { line in
      line.hasPrefix("module.") ? String(line.dropFirst("module.".count)) : line
    }
    #expect(found == expected)
  }

  @Test(arguments: [
    "plain", "plain.legacy", "cuda", "cuda.legacy", "deflated", "stem", "no_byteorder", "zip64", "big_endian",
    "types", "types.legacy", "views", "views.legacy", "metadata", "metadata.legacy", "wrapped", "attributes",
    "python2.legacy", "nocrc",
  ])
  func readsEveryKind(_ name: String) throws {
    let expected = try Fixtures.expectedTensors("pytorch/\(name).txt")
    #expect(try Fixtures.lines(read("pytorch/\(name).pth")) == expected)
  }

  @Test(arguments: [
    "objects.protocol1", "objects.protocol2", "objects.protocol3", "objects.protocol4", "objects.protocol5",
    "objects.protocol1.legacy", "objects.protocol4.legacy",
  ])
  func objectsBesideTheWeightsAreKept(_ name: String) throws {
    let expected = try Fixtures.expectedTensors("pytorch/\(name).txt")
    let weights = try read("pytorch/\(name).pth")
    #expect(try Fixtures.lines(weights) == expected)
    #expect(weights.notes == ["The weights were read from the entry 'state_dict'."])
    #expect(
      weights.facts == [
        "args.arch": "resnet18", "args.lr": "0.1", "args.deep.on": "True", "seen.a": "[1]", "shape": "[1, 2]",
      ])
  }

  @Test(arguments: [
    ("network.pth", "the pickled network 'torch.nn.modules.container.Sequential'"),
    ("network.legacy.pth", "the pickled network 'torch.nn.modules.container.Sequential'"),
    ("network.nested.pth", "the pickled network 'torch.nn.modules.container.Sequential'"),
    ("script.pth", "the TorchScript program '__torch__.torch.nn.modules.container.Sequential'"),
    ("exported.pt2", "an exported program"), ("exported.older.pt2", "an exported program"),
    ("exported.packed.pt2", "an exported program"),
  ])
  func networksHaveTheirStateDict(_ name: String, _ origin: String) throws {
    let stem = name.dropLast(4)
    let expected = try Fixtures.expectedTensors("pytorch/\(stem).txt")
    let weights = try read("pytorch/\(name)")
    #expect(try Fixtures.lines(weights) == expected)
    #expect(weights.notes.last == "The weights were read from \(origin), of which nothing was run.")
    // Weights stay where they are.
    #expect(weights.entries.allSatisfy { $0.tensor.storage.isMapped })
  }

  @Test func keysLeadThroughSeveralLevels() throws {
    let expected = try Fixtures.expectedTensors("pytorch/network.nested.txt")
    for key in ["model", "model.network"] {
      #expect(try Fixtures.lines(read("pytorch/network.nested.pth", key: key)) == expected)
    }
    let missing = message { _ = try read("pytorch/network.nested.pth", key: "model.other") }
    #expect(missing.contains("expected an entry 'other', found 'network': an object of 'torch.nn.modules"))
  }

  @Test func notesWhatWasDone() throws {
    #expect(try read("tiny/tiny.pth").notes == [])
    #expect(
      try read("pytorch/wrapped.pth").notes == ["The weights were read from the entry 'net'."])
  }

  @Test func viewsShareTheirStorage() throws {
    let weights = try read("pytorch/views.pth")
    let first = try #require(weights["tied.a"])
    let second = try #require(weights["tied.b"])
    let address: (Tensor) -> UInt = { tensor in
      unsafe tensor.storage.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }
    #expect(address(first) == address(second))
    #expect(first.storage.isMapped)
    #expect(weights["transposed"]?.strides == [1, 4])
    #expect(weights["part"]?.offset == 5)
    #expect(weights["expanded"]?.strides == [0, 1, 1] || weights["expanded"]?.strides == [0, 0, 1])
    #expect(try weights["every other"]?.floats() == [0, 2, 4, 6, 8, 10])
  }

  @Test func readsTheEntryThatIsAskedFor() throws {
    let weights = try read("pytorch/wrapped.pth", key: "net")
    #expect(weights.names.first == "fc.weight")
    let missing = message { _ = try read("pytorch/wrapped.pth", key: "ema") }
    #expect(missing.contains("expected an entry 'ema', found 'epoch': the integer 3, 'lr': a real number"))
    let wrong = message { _ = try read("pytorch/wrapped.pth", key: "epoch") }
    #expect(wrong.contains("expected a dictionary of tensors under 'epoch', found the integer 3"))
  }

  @Test(arguments: [
    ("frozen", "expected tensors, found a network without any, as torch.jit.freeze leaves one"),
    ("sparse", "tensor 'table': expected a dense tensor of numbers, found a sparse tensor"),
    ("quantized", "tensor 'q': expected a dense tensor of numbers, found a quantized tensor"),
  ])
  func refusesWhatIsNotWeights(_ name: String, _ expected: String) {
    #expect(message { _ = try read("pytorch/refused.\(name).pth") }.contains(expected))
  }

  @Test func readsElementsOfEightBits() throws {
    let tensor = try #require(try read("pytorch/float8.pth")["small"])
    #expect(tensor.dataType == .float8E4M3FN)
    #expect(try tensor.floats() == [1, 1])
  }

  @Test func recognizesOnlyCheckpoints() throws {
    for name in ["tiny/input_1x3x224x224.npy", "tiny/activations_1x3x224x224.npz", "tiny/structure.json"] {
      #expect(!PyTorchReader.recognizes(try ByteRegion.map(path: Fixtures.path(name))))
    }
    #expect(!PyTorchReader.recognizes(.copying([UInt8]())))
    // One that was cut off is still known for what it is.
    let cut = Array(try Fixtures.bytes("pytorch/plain.pth").prefix(500))
    #expect(PyTorchReader.recognizes(.copying(cut)))
  }

  @Test func refusesOtherFiles() {
    let empty = message { _ = try PyTorchReader.read(.copying([UInt8](), origin: "x")) }
    #expect(empty == "x: expected a file of torch.save, found an empty file")
    let other = message { _ = try PyTorchReader.read(.copying(Array("{\"a\": 1}".utf8), origin: "x")) }
    #expect(other.contains("found a file that begins with the bytes 7b 22 61"))
    var tar = [UInt8](repeating: 0, count: 1024)
    tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
    // Of an archive of anything else something else can tell more.
    #expect(!PyTorchReader.recognizes(.copying(tar, origin: "x")))
    tar.replaceSubrange(0..<8, with: Array("sys_info".utf8))
    let region = ByteRegion.copying(tar, origin: "x")
    #expect(PyTorchReader.recognizes(region))
    #expect(
      message { _ = try PyTorchReader.read(region) }.contains("the tar format of PyTorch before 0.1.12"))
  }
}
