import Architectures
import Execution
import FileIO
import Kernels
import ModelIR
import TestSupport
import Testing

/// The forward pass against the published PyTorch implementation.
@Suite struct ReferenceTests {
  /// 1e-5 of the largest magnitude.
  private let tolerance: Float = 1e-5

  private static let kernelSets: [any KernelSet<Float>] =
    [ReferenceKernels<Float>()] + InstructionSet.allCases.compactMap(\.kernels)

  @Test func everyBlockAgreesWithPyTorch() throws {
    let input = try TinyNetwork.array("input_1x3x224x224.npy")
    let blocks = try TinyNetwork.archive("activations_1x3x224x224.npz")
    let logits = try TinyNetwork.array("output_1x3x224x224.npy")
    for kernels in Self.kernelSets {
      let executor = try Executor<Float>(try TinyNetwork.graph(), kernels: kernels, threads: 2)
      var seen = 0
      let results = try executor.run(["input": input]) { (id, tensor) throws(ScaleNetError) in
        let name = executor.graph[id].name
        guard name.hasSuffix(".relu3"), let expected = blocks[String(name.dropLast(6))] else { return }
        seen += 1
        let error = (try? TinyNetwork.error(tensor.floats(), expected.floats())) ?? .infinity
        #expect(error <= tolerance, "\(kernels.name) \(name): \(error)")
      }
      #expect(seen == 6)
      let error = TinyNetwork.error(try results[0].tensor.floats(), try logits.floats())
      #expect(error <= tolerance, "\(kernels.name): \(error)")
    }
  }

  /// All files but half and bfloat16 hold the same values.
  @Test(arguments: [
    "tiny.pth", "tiny.legacy.pth", "tiny.data_parallel.pth", "tiny.training_checkpoint.pth",
    "tiny.wrapped.legacy.pth", "tiny.torch030.legacy.pth", "tiny.double.pth", "tiny.views.pth",
    "tiny.views.legacy.pth", "tiny.parameters.pth",
  ])
  func everyContainerComputesTheSame(name: String) throws {
    let weights = try TinyNetwork.weights(name)
    let graph = try ScaleNetConfiguration(recognizing: weights, source: name).graph(weights)
    let executor = try Executor<Float>(graph, kernels: baselineKernels(), threads: 2)
    let found = try executor.run(["input": try TinyNetwork.array("input_1x3x224x224.npy")])
    let expected = try TinyNetwork.array("output_1x3x224x224.npy")
    #expect(TinyNetwork.error(try found[0].tensor.floats(), try expected.floats()) <= tolerance)
  }

  @Test func wholeNetworkInDouble() throws {
    let executor = try Executor<Double>(
      try TinyNetwork.graph(), kernels: ReferenceKernels<Double>(), threads: 2)
    let found = try executor.run(["input": try TinyNetwork.array("input_1x3x224x224.npy")])
    let expected = try TinyNetwork.array("output_1x3x224x224.npy")
    #expect(TinyNetwork.error(try found[0].tensor.floats(), try expected.floats()) <= tolerance)
  }
}
