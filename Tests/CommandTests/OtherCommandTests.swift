import Foundation
import ModelIR
import NumPyFormat
import ScaleNetKit
import TestSupport
import Testing

@Suite struct OtherCommandTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")

  @Test func printsItsVersion() throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["--version"], in: directory)
      #expect(result.status == 0 && result.output == "\(ToolVersion.current)\n" && result.error == "")
    }
  }

  @Test(arguments: [[], ["convert"], ["inspect"], ["run"], ["diff"], ["structure"], ["init"]])
  func helpsWithExamples(command: [String]) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(command + ["--help"], in: directory)
      #expect(result.status == 0 && result.error == "")
      #expect(result.output.contains("Examples:\n"))
      #expect(result.output.contains("  scalenet \(command.first ?? "convert")"))
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func writesCompletions(shell: String) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["--generate-completion-script", shell], in: directory)
      #expect(result.status == 0 && result.output.contains("scalenet"))
    }
  }

  @Test func inspectsBlockByBlock() throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(atPath: tiny, toPath: directory + "/tiny.pth")
      let result = try ScaleNet.run(["inspect", "tiny.pth"], in: directory)
      #expect(result.status == 0 && result.error == "")
      let expected = try String(contentsOfFile: Fixtures.path("tiny/inspect.txt"), encoding: .utf8)
      #expect(result.output == expected)
    }
  }

  @Test func inspectsTheSameBlocksInAFoldedONNXFile() throws {
    try withTemporaryDirectory { directory in
      #expect(try ScaleNet.run(["convert", tiny, "-o", "tiny.onnx"], in: directory).status == 0)
      let onnx = try ScaleNet.run(["inspect", "tiny.onnx"], in: directory)
      let checkpoint = try ScaleNet.run(["inspect", tiny], in: directory)
      func channels(_ text: String) -> [[Substring]] {
        text.split(separator: "\n").filter { $0.hasPrefix("layer") }.map {
          Array($0.split(separator: " ").prefix(6))
        }
      }
      #expect(channels(onnx.output) == channels(checkpoint.output))
      #expect(channels(onnx.output).count == 6)
    }
  }

  @Test func recoversTheStructure() throws {
    try withTemporaryDirectory { directory in
      let expected = try String(contentsOfFile: Fixtures.path("tiny/structure.json"), encoding: .utf8)
      let printed = try ScaleNet.run(["structure", tiny], in: directory)
      #expect(printed.output.trimmingCharacters(in: .newlines) == expected.trimmingCharacters(in: .newlines))
      #expect(try ScaleNet.run(["structure", tiny, "-o", "s.json"], in: directory).status == 0)
      #expect(try String(contentsOfFile: directory + "/s.json", encoding: .utf8) == printed.output)
      #expect(try ScaleNet.run(["structure", tiny, "-o", "s.json"], in: directory).status == 73)
    }
  }

  private func floats(_ path: String) throws -> (TensorShape, [Float]) {
    let tensor = try NumPyReader.array(try ByteRegion.map(path: path))
    return (tensor.shape, try tensor.floats())
  }

  private func expectClose(_ found: [Float], _ expected: [Float], _ tolerance: Float = 1e-5) {
    let largest = expected.map(abs).max() ?? 0
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(found.count == expected.count && worst <= tolerance * largest, "error \(worst) of \(largest)")
  }

  @Test(arguments: ["tiny.pth", "tiny.legacy.pth", "tiny.onnx"], [false, true])
  func runsLikePyTorch(name: String, usesReference: Bool) throws {
    try withTemporaryDirectory { directory in
      var model = Fixtures.path("tiny/\(name)")
      if name == "tiny.onnx" {
        model = directory + "/tiny.onnx"
        #expect(try ScaleNet.run(["convert", tiny, "-o", model], in: directory).status == 0)
      }
      let input = Fixtures.path("tiny/input_1x3x224x224.npy")
      let result = try ScaleNet.run(
        ["run", model, "--input", input, "--output", "y.npy"] + (usesReference ? ["--naive"] : []),
        in: directory)
      #expect(result.status == 0, "\(result.error)")
      #expect(result.output == "y.npy: output float32[1, 10]\n")
      let (shape, found) = try floats(directory + "/y.npy")
      #expect(shape == [1, 10])
      expectClose(found, try floats(Fixtures.path("tiny/output_1x3x224x224.npy")).1)
    }
  }

  @Test func runGivesFeatureMapsByName() throws {
    try withTemporaryDirectory { directory in
      let input = Fixtures.path("tiny/input_1x3x224x224.npy")
      let single = try ScaleNet.run(
        ["run", tiny, "--features", "--input", input, "--output", "y.npy"], in: directory)
      #expect(single.status == 64 && single.error.contains(".npz"))
      let result = try ScaleNet.run(
        ["run", tiny, "--features", "--input", input, "--output", "y.npz"], in: directory)
      #expect(result.status == 0)
      let found = try NumPyReader.archive(try ByteRegion.map(path: directory + "/y.npz"))
      let expected = try NumPyReader.archive(
        try ByteRegion.map(path: Fixtures.path("tiny/activations_1x3x224x224.npz")))
      #expect(found.names == ["layer1", "layer2", "layer3", "layer4"])
      for (name, block) in [
        ("layer1", "layer1.1"), ("layer2", "layer2.0"), ("layer3", "layer3.1"), ("layer4", "layer4.0"),
      ] {
        expectClose(try found[name]?.floats() ?? [], try expected[block]?.floats() ?? [0])
      }
    }
  }

  @Test func runNamesWhatDoesNotFit() throws {
    try withTemporaryDirectory { directory in
      let wrong = try ScaleNet.run(
        ["run", tiny, "--input", Fixtures.path("tiny/output_1x3x224x224.npy"), "--output", "y.npy"],
        in: directory)
      #expect(wrong.status == 64 || wrong.status == 65)
      #expect(wrong.error.contains("[1, 10]"))
      let noArray = try ScaleNet.run(["run", tiny, "--input", tiny, "--output", "y.npy"], in: directory)
      #expect(noArray.status == 65)
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }

  @Test func initIsDeterministicAndReadable() throws {
    try withTemporaryDirectory { directory in
      let structure = Fixtures.path("tiny/structure.json")
      func make(_ name: String, _ seed: String) throws -> Data {
        let result = try ScaleNet.run(
          ["init", "scalenet", "--structure", structure, "--classes", "7", "--seed", seed, "-o", name],
          in: directory)
        #expect(result.status == 0, "\(result.error)")
        return try Data(contentsOf: URL(filePath: directory + "/" + name))
      }
      let a = try make("a.pth", "3")
      #expect(try a == make("b.pth", "3"))
      #expect(try a != make("c.pth", "4"))
      let found = try ScaleNet.run(["structure", "a.pth"], in: directory)
      #expect(
        try found.output.trimmingCharacters(in: .newlines)
          == String(contentsOfFile: structure, encoding: .utf8).trimmingCharacters(in: .newlines))
      #expect(try ScaleNet.run(["init", "alexnet", "-o", "d.pth"], in: directory).status == 64)
      #expect(try ScaleNet.run(["init", "scalenet", "-o", "d.pth"], in: directory).status == 64)
      #expect(try ScaleNet.run(["init", "scalenet50", "-o", "d.onnx"], in: directory).status == 64)
      #expect(try ScaleNet.names(in: directory) == ["a.pth", "b.pth", "c.pth"])
    }
  }

  @Test func noticesAFullStandardOutput() throws {
    try withTemporaryDirectory { directory in
      for command in ["inspect \(tiny)", "--help", "--version"] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "exec \(ScaleNet.path) \(command) >/dev/full 2>err"]
        process.currentDirectoryURL = URL(filePath: directory)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 74)
        let error = try String(contentsOfFile: directory + "/err", encoding: .utf8)
        #expect(error == "scalenet: error: standard output: No space left on device\n")
      }
    }
  }

  @Test func isQuietWhenThePipeIsClosed() throws {
    try withTemporaryDirectory { directory in
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = [
        "-c", "(sleep 0.2; exec \(ScaleNet.path) inspect \(tiny) --per-layer 2>err) | true",
      ]
      process.currentDirectoryURL = URL(filePath: directory)
      try process.run()
      process.waitUntilExit()
      #expect(try String(contentsOfFile: directory + "/err", encoding: .utf8) == "")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func removesItsTemporaryWhenItIsStopped(number: Int32) throws {
    try withTemporaryDirectory { directory in
      let process = Process()
      process.executableURL = URL(filePath: ScaleNet.path)
      process.arguments = ["init", "scalenet152", "-o", "big.pth"]
      process.currentDirectoryURL = URL(filePath: directory)
      process.standardOutput = FileHandle.nullDevice
      // Threads of the test runner block signals, and a child inherits that.
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      unsafe sigaddset(&signals, number)
      unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      try process.run()
      // The temporary has no name where the file system can do without, so that nothing tells when it is there.
      usleep(300_000)
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == number)
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }
}
