import Foundation
import ModelIR
import NumPyFormat
import ScaleNetKit
import TestSupport
import Testing

/// `scalenet diff`: what is printed, and the exit status.
@Suite struct DiffCommandTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")
  private let output = Fixtures.path("tiny/output_1x3x224x224.npy")
  private let input = Fixtures.path("tiny/input_1x3x224x224.npy")

  private func archive(_ path: String) throws -> StateDict {
    try NumPyReader.archive(try ByteRegion.map(path: path))
  }

  @Test func identicalFilesMatchExactly() throws {
    try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(atPath: tiny, toPath: directory + "/a.pth")
      try FileManager.default.copyItem(atPath: tiny, toPath: directory + "/b.pth")
      let result = try ScaleNet.run(
        ["diff", "a.pth", "b.pth", "--tolerance", "exact"], in: directory)
      #expect(
        result.output == """
          MATCH: every element is the same
          Every element of every output that was compared is the same.

          left       a.pth: pytorch, ScaleNet (2-1-2-1 blocks)
          right      b.pth: pytorch, ScaleNet (2-1-2-1 blocks)
          input      input [1, 3, 224, 224], seed 0; NCHW
          tolerance  exact: none, every element the same

          output output [1, 10]: within the tolerance
          absolute error  max 0, mean 0, RMSE 0
          relative error  max 0, mean 0
          outside         0 of 10 elements, absolute tolerance 0
          cosine          1.000000000
          ULP distance    median 0, 90 % 0, 99 % 0, max 0
          agreement       top-1 in 100.0 %, top-5 in 100.0 % of rows

          """)
      #expect(result.error == "")
      #expect(result.status == 0)
    }
  }

  /// PyTorch's output is what this program computes from the same file and input.
  @Test func aModelMatchesPyTorchsRecordedOutput() throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(
        ["diff", output, tiny, "--input", input, "--format", "json"], in: directory)
      #expect(result.status == 0 && result.error == "")
      let report = try JSONDecoder().decode(DiffReport.self, from: Data(result.output.utf8))
      #expect(report.verdict == .match && report.left.isRecording && report.left.format == "npy")
      #expect(report.left.architecture == nil && report.inputs[0].source == input)
      #expect(report.outputs[0].name == "output_1x3x224x224" && report.outputs[0].otherName == "output")
      #expect(report.outputs[0].metrics.elementCount == 10)
      #expect(try #require(report.outputs[0].metrics.maxAbsoluteError) < 1e-5)
    }
  }

  @Test func aDifferenceExitsWith1() throws {
    try withTemporaryDirectory { directory in
      // The output of other images.
      let other = Fixtures.path("tiny/output_1x3x256x320.npy")
      let result = try ScaleNet.run(["diff", output, other], in: directory)
      #expect(result.status == 1 && result.error == "")
      #expect(result.output.hasPrefix("DIFFER\nThe output differs"))
      // A wide tolerance takes all.
      let wide = try ScaleNet.run(["diff", output, other, "--atol", "100"], in: directory)
      #expect(wide.status == 0 && wide.output.contains("tolerance  given: 1.0e+02 + 1.0e-04 * |right|\n"))
    }
  }

  @Test func readsJSONOfTrtexecAndPolygraphy() throws {
    try withTemporaryDirectory { directory in
      let recordings = Fixtures.path("recordings")
      let trtexec = try ScaleNet.run(
        ["diff", "\(recordings)/trtexec.json", "\(recordings)/trtexec.json", "--format", "markdown"],
        in: directory)
      #expect(trtexec.status == 0 && trtexec.output.hasPrefix("## MATCH"))
      #expect(trtexec.output.contains("here 6 significant ones"))
      let polygraphy = try ScaleNet.run(
        ["diff", "\(recordings)/polygraphy_outputs.json", "\(recordings)/polygraphy_outputs.json"],
        in: directory)
      #expect(polygraphy.status == 0 && polygraphy.output.contains("\nbatches    2\n"))
      #expect(
        polygraphy.error.contains("scalenet: note: of 2 runners the first is compared, onnxrt-runner-N0-"))
    }
  }

  @Test func savesInputsForOthers() throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(
        ["diff", tiny, tiny, "--batch", "2", "--batches", "2", "--seed", "7"]
          + ["--save-inputs", "in"], in: directory)
      #expect(result.status == 0)
      #expect(
        try ScaleNet.names(in: directory + "/in") == [
          "input.0.bin", "input.1.bin", "inputs.0.npz", "inputs.1.npz", "polygraphy_inputs.json",
        ])
      #expect(
        result.error == """
          scalenet: note: wrote in/inputs.0.npz, in/inputs.1.npz, in/polygraphy_inputs.json, in/input.0.bin, in/input.1.bin
          scalenet: note: run: trtexec --onnx=MODEL.onnx --shapes=input:2x3x224x224 --loadInputs=input:in/input.0.bin --exportOutput=in/trtexec.0.json
          scalenet: note: run: trtexec --onnx=MODEL.onnx --shapes=input:2x3x224x224 --loadInputs=input:in/input.1.bin --exportOutput=in/trtexec.1.json
          scalenet: note: run: polygraphy run MODEL.onnx --trt --load-inputs in/polygraphy_inputs.json --save-outputs in/polygraphy_outputs.json

          """)
      let first = try #require(try archive(directory + "/in/inputs.0.npz")["input"])
      #expect(first.shape == [2, 3, 224, 224] && first.dataType == .float32)
      #expect(try Array(Data(contentsOf: URL(filePath: directory + "/in/input.0.bin"))) == first.bytes())
      let second = try #require(try archive(directory + "/in/inputs.1.npz")["input"])
      #expect(try first.floats() != second.floats())
      // They are inputs again, of every kind that was written.
      for inputs in [["in/inputs.0.npz", "input=in/inputs.1.npz"], ["in/polygraphy_inputs.json"]] {
        let again = try ScaleNet.run(
          ["diff", tiny, tiny, "--format", "json"] + inputs.flatMap { ["--input", $0] }, in: directory)
        let report = try JSONDecoder().decode(DiffReport.self, from: Data(again.output.utf8))
        #expect(report.batches == 2 && report.inputs[0].shape == [2, 3, 224, 224])
      }
      // Nothing is replaced unasked.
      let refused = try ScaleNet.run(
        ["diff", tiny, tiny, "--save-inputs", "in"], in: directory)
      #expect(refused.status == 73 && refused.output == "")
      #expect(
        refused.error
          == "scalenet: error: in/polygraphy_inputs.json: already exists; use --force to replace it\n")
      #expect(!(try ScaleNet.names(in: directory + "/in").contains("inputs.npz")))
      let forced = try ScaleNet.run(
        ["diff", tiny, tiny, "--save-inputs", "in", "--force"], in: directory)
      #expect(forced.status == 0)
    }
  }

  @Test func savesInputsInEachSidesLayout() throws {
    try withTemporaryDirectory { directory in
      let keras = try ScaleNet.run(
        ["convert", tiny, "-o", "tiny.h5", "--no-verify"], in: directory)
      #expect(keras.status == 0)
      let result = try ScaleNet.run(["diff", tiny, "tiny.h5", "--save-inputs", "in"], in: directory)
      #expect(result.status == 0, "\(result.output) \(result.error)")
      let left = try #require(try archive(directory + "/in/left/inputs.npz").entries.first)
      let right = try #require(try archive(directory + "/in/right/inputs.npz").entries.first)
      #expect(left.tensor.shape == [1, 3, 224, 224] && right.tensor.shape == [1, 224, 224, 3])
      #expect(try left.tensor.transposed([0, 2, 3, 1]).floats() == right.tensor.floats())
      #expect(
        result.error.contains("scalenet: note: run: trtexec") && !result.error.contains("in/right/trtexec"))
      #expect(result.output.contains("; left takes NCHW, right NHWC\n"))
    }
  }

  @Test func drawsTheErrorByDepth() throws {
    try withTemporaryDirectory { directory in
      let arguments = ["diff", tiny, Fixtures.path("tiny/tiny.half.pth"), "--layers"]
      let result = try ScaleNet.run(arguments + ["--chart", "c.svg"], in: directory)
      #expect(result.status == 1)
      #expect(result.output.contains("\nlayers: ") && result.output.contains("half_precision"))
      let svg = try String(contentsOfFile: directory + "/c.svg", encoding: .utf8)
      #expect(svg.contains("first divergence: conv1 (Conv)"))
      #expect(try ScaleNet.run(arguments + ["--chart", "c.svg"], in: directory).status == 73)
      #expect(try ScaleNet.names(in: directory) == ["c.svg"])
    }
  }

  @Test func comparesWeights() throws {
    try withTemporaryDirectory { directory in
      let same = try ScaleNet.run(
        ["diff", tiny, Fixtures.path("tiny/tiny.legacy.pth"), "--weights"],
        in: directory)
      #expect(same.status == 0 && same.output.contains("compared, all equal\n"))
    }
  }

  @Test(arguments: [
    (["--chart", "c.svg"], "--chart: expected with --layers"),
    (["--layers", "--chart", "c.gif"], "--chart: expected a name that ends in .svg or .png, found c.gif"),
    (["--atol=-1"], "--atol: expected a number from 0 on, found -1.0"),
    (["--rtol", "nan"], "--rtol: expected a number from 0 on, found nan"),
    (["--tolerance", "tight"], "'tight' is invalid"),
    (["--batch", "0"], "--batch: expected 1 to 65536, found 0"),
    (["--batches", "0"], "--batches: expected 1 to 10000, found 0"),
    (
      ["--input", Fixtures.path("tiny/input_1x3x224x224.npy"), "--seed", "1"],
      "--seed: expected without inputs"
    ),
  ])
  func wrongOptionsAreUsage(arguments: [String], expected: String) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["diff", tiny, tiny] + arguments, in: directory)
      #expect(result.status == 64 && result.output == "", "\(result.error)")
      #expect(result.error.contains(expected), "\(result.error)")
    }
  }

  @Test func otherFilesAreNamed() throws {
    try withTemporaryDirectory { directory in
      func refusal(_ arguments: [String], _ status: Int32) throws -> String {
        let result = try ScaleNet.run(["diff"] + arguments, in: directory)
        #expect(result.status == status && result.output == "", "\(result)")
        #expect(result.error.split(separator: "\n").count == 1)
        return result.error
      }
      let structure = Fixtures.path("tiny/structure.json")
      #expect(
        try refusal([tiny, structure], 65).contains(
          "found a structure file, which has channels but no weights"))
      let inputs = Fixtures.path("recordings/polygraphy_inputs.json")
      #expect(try refusal([inputs, tiny], 65).contains("found inputs recorded by Polygraphy"))
      #expect(try refusal([tiny, "missing.onnx"], 66).contains("no such file"))
      #expect(
        try refusal([tiny, tiny, "--input", structure], 65).contains(
          "expected an array file of numpy (.npy, .npz), a JPEG or PNG image, or JSON"))
      #expect(try refusal([output, output, "--softmax"], 64).contains("--softmax: expected weights"))
      try Data("[{\"name\": \"y\", \"dimensions\": \"2\", \"values\": [1]}]".utf8).write(
        to: URL(filePath: directory + "/cut.json"))
      #expect(
        try refusal(["cut.json", tiny], 65)
          == "scalenet: error: cut.json: output 0: byte 1: expected 2 values for [2] of 'y', found 1\n")
      // Where a model is expected, recordings are told from garbage.
      let inspected = try ScaleNet.run(["inspect", Fixtures.path("recordings/trtexec.json")], in: directory)
      #expect(inspected.status == 65 && inspected.error.contains("found outputs recorded by trtexec"))
    }
  }
}
