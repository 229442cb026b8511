import Architectures
import Execution
import FileIO
import Kernels
import ModelIR
import NumPyFormat
import PyTorchFormat
import TestSupport
import Testing

/// A small ScaleNet against what PyTorch computes.
@Suite struct TinyNetworkTests {
  private static func graph(_ file: String = "tiny/tiny.pth") throws -> Graph {
    let weights = try PyTorchReader.read(try ByteRegion.map(path: Fixtures.path(file)))
    return try ScaleNetConfiguration(recognizing: weights, source: file).graph(weights)
  }

  private static func array(_ file: String) throws -> Tensor {
    try NumPyReader.array(try ByteRegion.map(path: Fixtures.path(file)))
  }

  @Test func logitsAndBlocks() throws {
    let graph = try Self.graph()
    let input = try Self.array("tiny/input_1x3x224x224.npy")
    let expected = try Self.array("tiny/output_1x3x224x224.npy").doubles()
    let activations = try NumPyReader.archive(
      try ByteRegion.map(path: Fixtures.path("tiny/activations_1x3x224x224.npz")))
    let executor = try Executor<Float>(graph, kernels: baselineKernels(), threads: 2)
    let output = try executor.run(["input": input])
    #expect(relativeDistance(try output[0].tensor.doubles(), expected) <= Closeness.pytorch)

    // A block's output is the last value that its nodes produce.
    var last: [String: Tensor] = [:]
    let again = try executor.run(["input": input]) { id, tensor throws(ScaleNetError) in
      let parts = graph[id].name.split(separator: ".")
      if parts.count > 2 { last[parts[0] + "." + parts[1]] = tensor }
    }
    #expect(try again[0].tensor.floats() == output[0].tensor.floats())
    #expect(activations.count == 6)
    for entry in activations.entries {
      let found = try #require(last[entry.name])
      #expect(relativeDistance(try found.doubles(), try entry.tensor.doubles()) <= Closeness.pytorch)
    }
  }

  @Test(arguments: ["tiny.views.pth", "tiny.double.pth"])
  func weightsOfOtherLayouts(file: String) throws {
    let input = try Self.array("tiny/input_1x3x224x224.npy")
    let expected = try Self.array("tiny/output_1x3x224x224.npy").doubles()
    var options = ExecutionOptions()
    options.foldsBatchNormalization = true
    let executor = try Executor<Float>(
      try Self.graph("tiny/\(file)"), kernels: baselineKernels(), options: options)
    let output = try executor.run(["input": input])
    #expect(relativeDistance(try output[0].tensor.doubles(), expected) <= Closeness.pytorch)
  }

  @Test func imagesOfABatchDoNotMix() throws {
    let graph = try Self.graph()
    let image = try Self.array("tiny/input_1x3x224x224.npy")
    let one = try Executor<Float>(graph, kernels: baselineKernels()).run(["input": image])[0].tensor.doubles()
    let pixels = try image.floats()
    let batch = Tensor(
      pixels.map { -$0 } + pixels + pixels.reversed(), shape: [3, 3, 224, 224])
    let all = try Executor<Float>(graph, batch: 3, kernels: baselineKernels()).run(["input": batch])
    let logits = try all[0].tensor.doubles()
    #expect(logits.count == 30)
    #expect(relativeDistance(Array(logits[10..<20]), one) <= Closeness.float)
    #expect(relativeDistance(Array(logits[..<10]), one) > 0.01)
  }

  @Test func memoryIsUsedAgain() throws {
    let graph = try Self.graph()
    let bytes = try graph.binding(batch: 1).nodes.reduce(0) { sum, node in
      sum + 4 * (try graph.binding(batch: 1)[node.outputs[0]].type.shape?.elementCount ?? 0)
    }
    let executor = try Executor<Float>(graph, kernels: ReferenceKernels<Float>())
    // The stem's convolution and the image alone are 8 x 112 x 112 and 3 x 224 x 224 elements.
    #expect(executor.arenaByteCount >= 4 * 3 * 224 * 224)
    #expect(executor.arenaByteCount * 4 < bytes)
  }
}
