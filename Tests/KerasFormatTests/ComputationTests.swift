import Execution
import FileIO
import KerasFormat
import Kernels
import ModelIR
import NumPyFormat
import TestSupport
import Testing

/// What is read computes what Keras computed.
@Suite struct ComputationTests {
  private func array(_ name: String) throws -> Tensor {
    try NumPyReader.array(ByteRegion.map(path: Fixtures.path(name)))
  }

  @Test(
    arguments: ["keras2", "keras3"],
    [
      "functional.h5", "functional.keras", "sequential.h5", "sequential.keras", "several.h5", "several.keras",
      "activations.h5", "activations.keras", "nested.h5", "nested.keras",
    ])
  func computesWhatKerasComputes(version: String, name: String) throws {
    let path = "keras/\(version)/\(name)"
    let stem = String(path.prefix { $0 != "." })
    let graph = try KerasReader.read(ByteRegion.map(path: Fixtures.path(path))).graph
    var inputs: [String: Tensor] = [:]
    for (index, id) in graph.inputs.enumerated() {
      inputs[graph[id].name] = try array("\(stem).input\(index).npy")
    }
    let outputs = try Executor<Float>(graph, batch: 2, kernels: baselineKernels()).run(inputs)
    #expect(outputs.count == graph.outputs.count)
    for (index, output) in outputs.enumerated() {
      let expected = try array("\(stem).output\(index).npy")
      try #require(output.tensor.shape == expected.shape)
      let values = try expected.doubles()
      let largest = values.map(abs).max() ?? 0
      let difference = zip(try output.tensor.doubles(), values).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-5 * largest)
    }
  }

  /// Files with something special each, with Keras's own inputs and outputs under Keras's names, images as NHWC.
  @Test(
    arguments: [
      "act_layer_relu.keras", "chunked.h5", "dict_in.keras", "kw_call.keras", "m_maxnorminf.keras",
      "n_swap.h5",
      "names.keras", "nested_multi_in.keras", "open_hw.keras", "ren_swap.h5", "rescale_tf.keras",
      "seq_list.h5",
      "u8_in.keras",
    ])
  func computesUnusualFiles(name: String) throws {
    let path = Fixtures.path("keras/cases/\(name)")
    let given = try NumPyReader.archive(ByteRegion.map(path: "\(path).x.npz"))
    let expected = try NumPyReader.archive(ByteRegion.map(path: "\(path).y.npz"))
    let model = try KerasReader.read(
      ByteRegion.map(path: path), KerasReader.Options(imageSize: (height: 16, width: 16)))
    let graph = model.graph
    #expect(Set(graph.inputs.map { graph[$0].name }) == Set(given.names))
    #expect(Set(graph.outputs.map { graph[$0].name }) == Set(expected.names))
    #expect(model.notes.isEmpty == !name.hasSuffix("_swap.h5"))
    var inputs: [String: Tensor] = [:]
    for entry in given.entries { inputs[entry.name] = entry.tensor.transposed([0, 3, 1, 2]) }
    for output in try Executor<Float>(graph, batch: 1, kernels: baselineKernels()).run(inputs) {
      var right = try #require(expected[output.name])
      if right.shape.rank == 4 { right = right.transposed([0, 3, 1, 2]) }
      try #require(output.tensor.shape == right.shape)
      let values = try right.doubles()
      let largest = values.map(abs).max() ?? 0
      let difference = zip(try output.tensor.doubles(), values).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-5 * largest)
    }
  }

  /// What is open is asked for by its name.
  @Test func openSizesAreAskedFor() throws {
    let file = try ByteRegion.map(path: Fixtures.path("keras/cases/open_hw.keras"))
    let error = #expect(throws: ScaleNetError.self) { try KerasReader.read(file) }
    #expect(error?.remedy == .setInputSize(example: "224"))
    let image = try KerasReader.read(file, KerasReader.Options(onlyShape: [1, 3, 16, 24])).graph
    #expect(image[image.inputs[0]].type == TensorType(.float32, [.symbolic("batch"), 3, 16, 24]))
    let last = try KerasReader.read(file, KerasReader.Options(shapes: ["input_layer": [1, 16, 24, 3]])).graph
    #expect(last[last.inputs[0]].type == image[image.inputs[0]].type)
  }
}
