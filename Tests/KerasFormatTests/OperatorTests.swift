import Execution
import FileIO
import KerasFormat
import Kernels
import ModelIR
import NumPyFormat
import ONNXFormat
import TestSupport
import Testing

/// Every operator that Keras's layers express, written and read back, computes what ONNX Runtime computes.
@Suite struct OperatorTests {
  private static let folder = "keras/operators"

  @Test(arguments: KerasWriter.Container.allCases.prefix(2), DataFormat.allCases)
  func computesWhatONNXRuntimeComputes(container: KerasWriter.Container, format: DataFormat) throws {
    try check("operators", container, format, least: 90)
    try check("newer", container, format, least: 6)
  }

  private func check(
    _ name: String, _ container: KerasWriter.Container, _ format: DataFormat, least: Int
  ) throws {
    let path = "\(Self.folder)/\(name).onnx"
    let graph = try ONNXReader.read(ByteRegion.map(path: Fixtures.path(path)), path: path).graph
    let arrays = try NumPyReader.archive(ByteRegion.map(path: Fixtures.path("\(Self.folder)/\(name).npz")))
    let read = try KerasReader.read(.copying(try bytes(graph, container, dataFormat: format))).graph
    #expect(read.inputs.map { read[$0].type } == graph.inputs.map { graph[$0].type })
    #expect(
      read.outputs.map { read[$0].type.dimensions.dropFirst() }
        == graph.outputs.map { graph[$0].type.dimensions.dropFirst() })
    var inputs: [String: Tensor] = [:]
    for (id, other) in zip(graph.inputs, read.inputs) { inputs[read[other].name] = arrays[graph[id].name] }
    let outputs = try Executor<Float>(read, batch: 2, kernels: baselineKernels()).run(inputs)
    try #require(outputs.count == graph.outputs.count && outputs.count > least)
    for (id, output) in zip(graph.outputs, outputs) {
      let name = graph[id].name
      let expected = try #require(arrays[name])
      try #require(output.tensor.shape == expected.shape, "\(name)")
      let values = try expected.doubles()
      let largest = values.map(abs).max() ?? 0
      let difference = zip(try output.tensor.doubles(), values).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-5 * largest, "\(name)")
    }
  }
}
