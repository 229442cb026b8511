import Foundation
import TestSupport
import Testing

@Suite struct ConvertCommandTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")

  @Test func convertsAndReports() throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["convert", tiny, "-o", "tiny.onnx"], in: directory)
      #expect(result.status == 0)
      #expect(result.error == "")
      #expect(result.output.contains("architecture  ScaleNet (2-1-2-1 blocks)"))
      #expect(result.output.contains("inputs        input float32[batch, 3, 224, 224] (NCHW)"))
      #expect(result.output.contains("outputs       output float32[batch, 10]"))
      #expect(
        result.output.contains(
          "verified      read back: all 46,438 weights are the source's but for rounding; in Double "))
      #expect(result.output.contains("run           largest error "))
      #expect(try ScaleNet.names(in: directory) == ["tiny.onnx"])
    }
  }

  @Test(arguments: ["h5", "keras"])
  func givesPyTorchsNamesBack(ending: String) throws {
    try withTemporaryDirectory { directory in
      for folding in ["--no-fold-batch-norm", "--fold-batch-norm"] {
        let there = ["convert", tiny, "-o", "tiny.\(ending)", folding, "--force", "--no-verify"]
        #expect(try ScaleNet.run(there, in: directory).status == 0)
        let result = try ScaleNet.run(
          ["convert", "tiny.\(ending)", "-o", "back.pth", "--force"], in: directory)
        #expect(result.status == 0)
        #expect(result.output.contains("  architecture  ScaleNet (2-1-2-1 blocks)\n"))
        #expect(result.output.contains("  verified      read back: all 46,438 weights are the source's "))
        let family = "scalenet: note: names are PyTorch's, those of a ScaleNet (2-1-2-1 blocks)\n"
        let folded =
          "scalenet: note: 36 convolutions have their BatchNorm folded in: theirs were written as weight 1, mean 0, "
          + "variance 1 - 1e-05 and the convolution's bias, which change nothing\n"
        #expect(result.error == family + (folding == "--fold-batch-norm" ? folded : ""))
      }
    }
  }

  @Test func givesTheSameBytesForTheSameInput() throws {
    try withTemporaryDirectory { directory in
      for name in ["a.onnx", "b.onnx"] {
        #expect(try ScaleNet.run(["convert", tiny, "--checksum", "-o", name], in: directory).status == 0)
      }
      let a = try Data(contentsOf: URL(filePath: directory + "/a.onnx"))
      #expect(try a == Data(contentsOf: URL(filePath: directory + "/b.onnx")))
      // sha256sum fixtures/tiny/tiny.pth
      let sum = try String(contentsOfFile: Fixtures.path("tiny/tiny.pth.sha256"), encoding: .utf8).prefix(64)
      #expect(a.range(of: Data(sum.utf8)) != nil)
    }
  }

  @Test func refusesAnExistingOutputWithoutForce() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/out.onnx"
      try Data("old".utf8).write(to: URL(filePath: path))
      let refused = try ScaleNet.run(["convert", tiny, "-o", "out.onnx"], in: directory)
      #expect(refused.status == 73)
      #expect(refused.error == "scalenet: error: out.onnx: already exists; use --force to replace it\n")
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("old".utf8))
      let forced = try ScaleNet.run(["convert", tiny, "-o", "out.onnx", "--force"], in: directory)
      #expect(forced.status == 0)
      #expect(try Data(contentsOf: URL(filePath: path)).count > 10000)
      #expect(try ScaleNet.names(in: directory) == ["out.onnx"])
    }
  }

  /// Arguments, the exit status, and a part of what is said.
  @Test(arguments: [
    (["convert", "TINY"], 64, "Missing expected argument '--output <file>'"),
    (["convert", "TINY", "-o", "out.xyz"], 64, "out.xyz"),
    (["convert", "TINY", "-o", "out.onnx", "--opset", "10"], 64, "expected 11 to 25, found 10"),
    (["convert", "TINY", "-o", "out.onnx", "--opset", "17", "--ir-version", "3"], 64, "ir-version"),
    (["convert", "TINY", "-o", "out.onnx", "--batch", "0"], 64, "--batch"),
    (["convert", "TINY", "-o", "out.onnx", "--dtype", "int8"], 64, "--dtype"),
    (["convert", "TINY", "-o", "out.onnx", "--half-io"], 64, "--half-io"),
    (["convert", "TINY", "-o", "out.onnx", "--input-size", "0"], 64, "--input-size"),
    (
      ["convert", "TINY", "-o", "out.onnx", "--input-size", "20"], 64, "the least size that works is 221x221"
    ),
    (["convert", "TINY", "-o", "out.onnx", "--features", "--softmax"], 64, "softmax"),
    (["convert", "TINY", "-o", "out.onnx", "--key", "nothing"], 65, "nothing"),
    (["convert", "TINY", "-o", "missing/out.onnx"], 73, "missing/out.onnx: cannot create"),
    (["convert", "TINY", "-o", ".", "--to", "onnx"], 73, "cannot create"),
    (["convert", "missing.pth", "-o", "out.onnx"], 66, "missing.pth: no such file"),
    (["convert", ".", "-o", "out.onnx"], 66, "expected a file, or a directory with"),
    (
      ["convert", "STRUCTURE", "-o", "out.onnx"], 65,
      "expected a PyTorch checkpoint, safetensors, an ONNX or a Keras model"
    ),
    (["convert", "TINY", "--structure", "OTHER", "-o", "out.onnx"], 65, "disagrees with the weights"),
    (["convert", "TINY", "--structure", "missing.json", "-o", "out.onnx"], 66, "missing.json: no such file"),
    (["convert", "TINY", "-o", "out.onnx", "--nonsense"], 64, "Unknown option '--nonsense'"),
  ])
  func refusesBadArguments(arguments: [String], status: Int, text: String) throws {
    try withTemporaryDirectory { directory in
      let replacements = [
        "TINY": tiny, "STRUCTURE": Fixtures.path("tiny/structure.json"),
        "OTHER": Fixtures.path("structures/scalenet50.json"),
      ]
      let result = try ScaleNet.run(arguments.map { replacements[$0] ?? $0 }, in: directory)
      #expect(result.status == status)
      #expect(result.error.contains(text), "\(result.error)")
      #expect(result.output == "")
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }

  @Test func listsEveryDisagreementWithAStructure() throws {
    try withTemporaryDirectory { directory in
      try Data("[[5,2,1,2,56],[4,3,0,1,28],[9,4,2,0,28],[20,6,0,3,14],[11,9,4,2,14],[17,0,9,3,7]]".utf8)
        .write(to: URL(filePath: directory + "/wrong.json"))
      let result = try ScaleNet.run(
        ["convert", tiny, "--structure", "wrong.json", "-o", "out.onnx"], in: directory)
      #expect(result.status == 65)
      #expect(result.error.contains("2 problems: "))
      #expect(result.error.contains("row 0 (layer1.0), column 3 (scale 7): 2 channels, the weights have 1"))
      #expect(result.error.contains("row 1 (layer1.1), column 4: side is 28, the weights' stage has 56"))
    }
  }

  @Test func refusesItsInputAsOutput() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/w.pth"
      try FileManager.default.copyItem(atPath: tiny, toPath: path)
      let before = try Data(contentsOf: URL(filePath: path))
      let result = try ScaleNet.run(["convert", "w.pth", "-o", "w.pth", "--force"], in: directory)
      #expect(result.status == 73)
      #expect(result.error.contains("the output is the same file as the input"))
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func convertsAGraphAndRefusesWhatOnlyWeightsCanFollow() throws {
    try withTemporaryDirectory { directory in
      #expect(
        try ScaleNet.run(["convert", tiny, "--no-fold-batch-norm", "-o", "a.onnx"], in: directory).status == 0
      )
      let folded = try ScaleNet.run(["convert", "a.onnx", "--opset", "13", "-o", "b.onnx"], in: directory)
      #expect(folded.status == 0, "\(folded.error)")
      let refused = try ScaleNet.run(
        ["convert", "a.onnx", "--input-size", "256", "-o", "c.onnx"], in: directory)
      #expect(refused.status == 64)
      #expect(
        refused.error
          == "scalenet: error: --input-size: expected 224x224, which the graph in a.onnx is made for, "
          + "found 256x256\n")
    }
  }

  /// A file size limit stands in for a full disk.
  @Test(arguments: ["onnx", "pth", "safetensors", "npz", "h5", "keras"])
  func reportsAFailedWriteAndLeavesNothing(ending: String) throws {
    try withTemporaryDirectory { directory in
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = [
        "-c", "ulimit -f 64; exec \(ScaleNet.path) convert \(tiny) -o m.\(ending) 2>/dev/null",
      ]
      process.currentDirectoryURL = URL(filePath: directory)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 74)
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }

  @Test func printsJSON() throws {
    struct Report: Decodable {
      let architecture: String
      let bytes: Int
      let outputFormat: String

      enum CodingKeys: String, CodingKey {
        case architecture, bytes
        case outputFormat = "output_format"
      }
    }
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["convert", tiny, "-o", "t.onnx", "--format", "json"], in: directory)
      let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
      #expect(report.outputFormat == "onnx")
      let size = try FileManager.default.attributesOfItem(atPath: directory + "/t.onnx")[.size] as? Int
      #expect(report.bytes == size)
    }
  }
}
