import FileIO
import Foundation
import NumPyFormat
import TestSupport
import Testing

@testable import ScaleNetCLI

/// What the command says to wrong words, bad files among good ones, pipes and programs.
@Suite struct MannersTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")

  @Test(arguments: [
    ("covnert", "covnert is no command; did you mean convert?"),
    ("inspct", "inspct is no command; did you mean inspect?"),
    ("frobnicate", "frobnicate is no command"), ("a\u{7}", "a\\u{7} is no command"),
  ])
  func namesTheLikestCommand(word: String, said: String) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run([word, "x.pth"], in: directory)
      #expect(result.status == 64 && result.output == "")
      #expect(result.error == "scalenet: error: \(said)\n  See 'scalenet --help' for more information.\n")
    }
  }

  @Test(arguments: [
    ("--fold-batch-nrom", " Did you mean '--fold-batch-norm'?"), ("--opste=13", " Did you mean '--opset'?"),
    ("--xyz", nil),
    ("--frobnicate", nil),
  ])
  func likensOptions(option: String, hint: String?) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["convert", "a.pth", "-o", "b.onnx", option], in: directory)
      let first = result.error.split(separator: "\n").first.map(String.init)
      let word = option.split(separator: "=")[0]
      #expect(result.status == 64)
      #expect(first == "Error: Unknown option '\(word)'" + (hint.map { "." + $0 } ?? ""))
    }
  }

  /// Of Wagner and Fischer's examples, and neighbours that are swapped.
  @Test(arguments: [
    ("kitten", "sitting", 3), ("covnert", "convert", 1), ("", "abc", 3), ("same", "same", 0), ("ab", "ba", 1),
  ])
  func countsEdits(left: String, right: String, count: Int) {
    #expect(Suggestions.distance(Array(left), Array(right)) == count)
  }

  @Test func aBadFileHidesNoGoodOnes() throws {
    try withTemporaryDirectory { directory in
      try Data("not a model".utf8).write(to: URL(filePath: directory + "/bad.pth"))
      let good = try ScaleNet.run(["inspect", tiny, "arch:resnet18"], in: directory)
      let mixed = try ScaleNet.run(
        ["inspect", "missing.pth", tiny, "bad.pth", "arch:resnet18"], in: directory)
      #expect(mixed.output == good.output)
      let lines = mixed.error.split(separator: "\n")
      #expect(lines.count == 2 && lines[0] == "scalenet: error: missing.pth: no such file")
      #expect(lines[1].hasPrefix("scalenet: error: bad.pth: expected a PyTorch checkpoint"))
      #expect(mixed.status == 66)
      let none = try ScaleNet.run(["inspect", "bad.pth", "worse.pth"], in: directory)
      #expect(none.status == 66 && none.output == "" && none.error.split(separator: "\n").count == 2)
      let timed = try ScaleNet.run(
        ["bench", "missing.pth", tiny, "--batch", "1", "--runs", "1", "--format", "csv"], in: directory)
      #expect(timed.status == 66 && timed.output.split(separator: "\n").count == 2)
    }
  }

  @Test func errorsAreJSONWhereReportsAre() throws {
    struct Said: Decodable, Equatable {
      var kind: String
      var message: String
      var exitStatus: Int
      var path: String?
      var option: String?
      var expected: String?
      var found: String?
      var remedy: String?

      enum CodingKeys: String, CodingKey {
        case kind, message, path, option, expected, found, remedy
        case exitStatus = "exit_status"
      }
    }
    try withTemporaryDirectory { directory in
      func said(_ arguments: [String]) throws -> Said {
        let result = try ScaleNet.run(arguments, in: directory)
        #expect(result.output == "")
        let said = try JSONDecoder().decode(Said.self, from: Data(result.error.utf8))
        #expect(Int(result.status) == said.exitStatus)
        return said
      }
      let missing = try said(["inspect", "none.pth", "--format", "json"])
      #expect(
        missing
          == Said(kind: "no_input", message: "none.pth: no such file", exitStatus: 66, path: "none.pth"))
      let endings = "a name that ends in .onnx, .h5, .keras, .pth, .safetensors or .npz"
      let unnamed = try said(["convert", tiny, "-o", "x.y", "--format=json"])
      #expect(
        unnamed
          == Said(
            kind: "invalid_option", message: "--output: expected \(endings), found x.y; give --to",
            exitStatus: 64,
            option: "--output", expected: endings, found: "x.y", remedy: "give --to"))
      let unknown = try said(["inspect", tiny, "--format", "json", "--per-layr"])
      #expect(
        unknown
          == Said(
            kind: "invalid_option", message: "Unknown option '--per-layr'. Did you mean '--per-layer'?",
            exitStatus: 64))
      let command = try said(["covnert", "--format", "json"])
      #expect(command.kind == "invalid_option")
    }
  }

  /// Runs a line of the shell, in which `scalenet` is the binary under test and `TINY` its checkpoint.
  private func shell(_ line: String, in directory: String) throws -> CommandResult {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c",
      "{ \(line.replacing("scalenet", with: ScaleNet.path).replacing("TINY", with: tiny)); } >out.txt 2>err.txt",
    ]
    process.currentDirectoryURL = URL(filePath: directory)
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
    }
    let result = CommandResult(
      status: process.terminationStatus, output: try text("out.txt"), error: try text("err.txt"))
    for name in ["out.txt", "err.txt"] { try FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    return result
  }

  @Test func readsStandardInputAndWritesStandardOutput() throws {
    try withTemporaryDirectory { directory in
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
      }
      #expect(try ScaleNet.run(["convert", tiny, "-o", "a.safetensors"], in: directory).status == 0)
      let piped = try shell(
        "cat TINY | scalenet convert - -o - --to safetensors > b.safetensors", in: directory)
      #expect(piped.status == 0 && piped.output == "")
      #expect(piped.error.hasPrefix("standard input -> standard output\n  architecture  ScaleNet"))
      #expect(try bytes("a.safetensors") == bytes("b.safetensors"))
      let inspected = try shell("scalenet inspect - < TINY", in: directory)
      let expected = try String(contentsOfFile: Fixtures.path("tiny/inspect.txt"), encoding: .utf8)
      func withoutPath(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { $0.offset != 2 }
          .map(\.element)
      }
      #expect(withoutPath(inspected.output) == withoutPath(expected))
      let image = Fixtures.path("tiny/input_1x3x224x224.npy")
      let run = try shell("cat \(image) | scalenet run TINY --input - -o - > y.npy", in: directory)
      #expect(run.status == 0 && run.error == "standard output: output float32[1, 10]\n", "\(run.error)")
      #expect(try ScaleNet.run(["run", tiny, "--input", image, "-o", "z.npy"], in: directory).status == 0)
      #expect(try bytes("y.npy") == bytes("z.npy"))
      let structure = try shell("scalenet structure - -o - < TINY", in: directory)
      #expect(
        structure.output.trimmingCharacters(in: .newlines)
          == (try String(contentsOfFile: Fixtures.path("tiny/structure.json"), encoding: .utf8))
          .trimmingCharacters(in: .newlines))
      let unnamed = try shell("scalenet convert TINY -o -", in: directory)
      #expect(unnamed.status == 64 && unnamed.error.hasSuffix("found -; give --to\n"))
      let empty = try shell("scalenet inspect - < /dev/null", in: directory)
      #expect(empty.status == 65 && empty.error.contains("standard input: expected a PyTorch checkpoint"))
    }
  }

  @Test func binariesAreNotWrittenToATerminal() throws {
    try withTemporaryDirectory { directory in
      // script(1) gives the command a terminal.
      let said = try shell(
        "script -qec 'scalenet convert TINY -o - --to onnx' /dev/null < /dev/null", in: directory)
      #expect(
        said.output.contains("standard output: cannot create: it is a terminal, and the bytes are no text"))
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }
}
