import Architectures
import Execution
import FileIO
import Kernels
import ModelIR
import NumPyFormat
import PyTorchFormat
import TestSupport
import Testing

/// The small reference network, and how graphs of it are run and compared.
enum TinyNetwork {
  static func weights(_ name: String = "tiny.pth") throws -> StateDict {
    let stored = try PyTorchReader.read(try ByteRegion.map(path: Fixtures.path("tiny/\(name)")))
    // By the network's own names: one of the files has a prefix before them.
    return try RecognizedWeights(stored, prefix: nil, source: name).weights
  }

  static func graph(_ options: BuildOptions = BuildOptions()) throws -> Graph {
    let weights = try weights()
    return try ScaleNetConfiguration(recognizing: weights, source: "tiny.pth").graph(
      weights, options: options)
  }

  static func array(_ name: String) throws -> Tensor {
    try NumPyReader.array(try ByteRegion.map(path: Fixtures.path("tiny/\(name)")))
  }

  static func archive(_ name: String) throws -> StateDict {
    try NumPyReader.archive(try ByteRegion.map(path: Fixtures.path("tiny/\(name)")))
  }

  /// The outputs on normally distributed inputs.
  static func run(_ graph: Graph, batch: Int = 1, seed: UInt64 = 1) throws -> [[Float]] {
    var random = RandomSource(seed: seed)
    var inputs: [String: Tensor] = [:]
    for id in graph.inputs {
      let type = graph[id].type.binding(batch)
      let shape = try #require(type.shape)
      inputs[graph[id].name] = Tensor(random.normals(shape.elementCount), shape: shape).cast(
        to: type.dataType)
    }
    let executor = try Executor<Float>(graph, batch: batch, kernels: baselineKernels(), threads: 2)
    return try executor.run(inputs).map { try $0.tensor.floats() }
  }

  /// The largest error as a part of the largest magnitude.
  static func error(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    let largest = expected.map(abs).max() ?? 0
    let worst = zip(found, expected).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
    return worst.isNaN ? .infinity : worst / largest
  }
}
