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
}
