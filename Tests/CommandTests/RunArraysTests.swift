import FileIO
import Foundation
import ModelIR
import NumPyFormat
import TestSupport
import Testing

/// What `run` takes: arrays in either order of axes, without a batch, and archives of other names.
@Suite struct RunArraysTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")
  private static let archived = Fixtures.path("tiny/input_1x3x224x224.npy")

  private func image() throws -> Tensor { try NumPyReader.array(.map(path: Self.archived)) }

  private func write(_ entries: [(String, Tensor)], _ path: String) throws {
    var archive = StateDict()
    for (name, tensor) in entries { archive.append(name, tensor) }
    var output = try OutputFile(path: path, overwrite: false)
    try NumPyWriter.writeArchive(archive, to: &output)
    try output.commit()
  }

  private func write(_ tensor: Tensor, _ path: String) throws {
    var output = try OutputFile(path: path, overwrite: false)
    try NumPyWriter.writeArray(tensor, to: &output)
    try output.commit()
  }

  /// The logits that PyTorch computed, and what is said on the way.
  private func expectLogits(
    _ model: String, _ input: String, notes: [String], in directory: String
  ) throws {
    let result = try ScaleNet.run(["run", model, "--input", input, "-o", "y.npy", "--force"], in: directory)
    // Keras's outputs have the names of its layers.
    #expect(result.status == 0 && result.output.hasPrefix("y.npy: "), "\(result.error)")
    #expect(result.output.hasSuffix(" float32[1, 10]\n"))
    #expect(result.error == notes.map { "scalenet: note: \($0)\n" }.joined())
    let found = try NumPyReader.array(.map(path: directory + "/y.npy")).floats()
    let expected = try NumPyReader.array(.map(path: Fixtures.path("tiny/output_1x3x224x224.npy"))).floats()
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
  }

  @Test(arguments: ["pth", "onnx", "keras", "h5"])
  func takesArraysAsTheyCome(ending: String) throws {
    try withTemporaryDirectory { directory in
      var model = tiny
      if ending != "pth" {
        model = "m.\(ending)"
        #expect(try ScaleNet.run(["convert", tiny, "-o", model], in: directory).status == 0)
      }
      let image = try image()
      let last = image.transposed([0, 2, 3, 1])
      try write(try #require(image.reshaped([3, 224, 224])), directory + "/chw.npy")
      try write(last, directory + "/nhwc.npy")
      try write(Tensor(try last.floats(), shape: [224, 224, 3]), directory + "/hwc.npy")
      try write([("x", image)], directory + "/one.npz")
      try write([("extra", image), ("input", image)], directory + "/two.npz")
      try write([("a", image), ("b", image)], directory + "/none.npz")
      try expectLogits(model, Self.archived, notes: [], in: directory)
      try expectLogits(model, "nhwc.npy", notes: ["nhwc.npy is read as NHWC"], in: directory)
      try expectLogits(model, "chw.npy", notes: ["chw.npy has no batch, and gets one of 1"], in: directory)
      try expectLogits(
        model, "hwc.npy", notes: ["hwc.npy has no batch, and gets one of 1", "hwc.npy is read as NHWC"],
        in: directory)
      try expectLogits(
        model, "one.npz", notes: ["one.npz: x is taken for the only input, input"], in: directory)
      try expectLogits(model, "two.npz", notes: ["two.npz: extra: of no input, ignored"], in: directory)
      for arguments in [["none.npz"], ["wrong=chw.npy"]] {
        let refused = try ScaleNet.run(["run", model, "--input", arguments[0], "-o", "z.npy"], in: directory)
        #expect([64, 65].contains(refused.status) && refused.error.contains("input"), "\(refused.error)")
      }
      #expect(!(try ScaleNet.names(in: directory)).contains("z.npy"))
    }
  }

  /// Keras's order of axes where it is Keras's file, and all that is listed is written.
  @Test func featureMapsAreInTheOrderOfTheFile() throws {
    try withTemporaryDirectory { directory in
      #expect(try ScaleNet.run(["convert", tiny, "--features", "-o", "m.keras"], in: directory).status == 0)
      let inspected = try ScaleNet.run(["inspect", "m.keras"], in: directory)
      #expect(inspected.output.contains("\ninput [1, 224, 224, 3] (NHWC)\n"))
      let run = try ScaleNet.run(["run", "m.keras", "--input", Self.archived, "-o", "k.npz"], in: directory)
      #expect(
        run.output
          == "k.npz: layer1_1_relu3 float32[1, 56, 56, 16] (NHWC), layer2_0_relu3 float32[1, 28, 28, 32] (NHWC), "
          + "layer3_1_relu3 float32[1, 14, 14, 64] (NHWC), layer4_0_relu3 float32[1, 7, 7, 128] (NHWC)\n",
        "\(run.error)")
      let weights = try ScaleNet.run(
        ["run", tiny, "--features", "--input", Self.archived, "-o", "w.npz"], in: directory)
      #expect(
        weights.output.hasPrefix(
          "w.npz: layer1 float32[1, 16, 56, 56] (NCHW), layer2 float32[1, 32, 28, 28] (NCHW)"))
      let keras = try NumPyReader.archive(.map(path: directory + "/k.npz"))
      let torch = try NumPyReader.archive(.map(path: directory + "/w.npz"))
      #expect(keras.count == 4 && torch.count == 4)
      for (entry, other) in zip(keras.entries, torch.entries) {
        let found = try entry.tensor.transposed([0, 3, 1, 2]).floats()
        let expected = try other.tensor.floats()
        let largest = expected.map(abs).max() ?? 0
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
      }
    }
  }
}
