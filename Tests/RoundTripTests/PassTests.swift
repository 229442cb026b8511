import Architectures
import Execution
import FileIO
import ModelIR
import Testing

/// Every pass keeps what the outputs compute.
@Suite struct PassTests {
  private func expectSame(
    _ graph: Graph, after passes: [any GraphPass], within tolerance: Float, batch: Int = 2
  ) throws -> Graph {
    var changed = graph
    try changed.apply(passes)
    let expected = try TinyNetwork.run(graph, batch: batch)
    let found = try TinyNetwork.run(changed, batch: batch)
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(TinyNetwork.error(a, b) <= tolerance) }
    return changed
  }

  /// At 225x257 several resizes are linear that are nearest at 224.
  @Test(arguments: [InputSize.standard, InputSize(height: 225, width: 257)], [false, true])
  func foldingNormalisation(size: InputSize, features: Bool) throws {
    let graph = try TinyNetwork.graph(BuildOptions(inputSize: size, features: features))
    let folded = try expectSame(graph, after: [FoldBatchNormalization()], within: 1e-5)
    #expect(!folded.nodes.contains { $0.op.name == "BatchNormalization" })
    #expect(folded.nodes.count < graph.nodes.count)
  }

  @Test func foldingKeepsANormalisationWhoseInputIsReadElsewhere() throws {
    var graph = Graph(name: "shared")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("n"), 2, 5, 5]))
    var random = RandomSource(seed: 5)
    let weight = try graph.addInitializer("w", Tensor(random.normals(2 * 2 * 9), shape: [2, 2, 3, 3]))
    var vectors: [ValueID] = []
    for name in ["gamma", "beta", "mean"] {
      vectors.append(try graph.addInitializer(name, Tensor(random.normals(2), shape: [2])))
    }
    vectors.append(try graph.addInitializer("variance", Tensor([Float(0.5), 2], shape: [2])))
    let conv = Operator.conv(Conv(window: Window(3, pad: 1)))
    let normalization = Operator.batchNormalization(BatchNormalization())
    let a = try graph.addNode("a", conv, inputs: [x, weight])[0]
    let b = try graph.addNode("b", normalization, inputs: [a] + vectors)[0]
    let sum = try graph.addNode("sum", .binary(.add), inputs: [a, b])[0]
    // A second convolution shares the weight: only the first may be scaled.
    let c = try graph.addNode("c", conv, inputs: [sum, weight])[0]
    let d = try graph.addNode("d", normalization, inputs: [c] + vectors)[0]
    graph.setOutputs([d, a])
    let folded = try expectSame(graph, after: [FoldBatchNormalization()], within: 1e-6)
    #expect(folded.nodes.map(\.name) == ["a", "b", "sum", "c"])
    #expect(folded.value(named: "w") != nil && folded.value(named: "w_folded") != nil)
  }

  @Test func foldingConstants() throws {
    var graph = Graph(name: "constants")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("n"), 3]))
    let a = try graph.addInitializer("a", Tensor([Float(1), 2, 3], shape: [3]))
    let b = try graph.addInitializer("b", Tensor([Float(0.5)], shape: [1]))
    let product = try graph.addNode("product", .binary(.mul), inputs: [a, b])[0]
    let positive = try graph.addNode("positive", .unary(.relu), inputs: [product])[0]
    let sum = try graph.addNode("sum", .binary(.add), inputs: [x, positive])[0]
    graph.setOutputs([sum])
    let folded = try expectSame(
      graph, after: [FoldConstants()], within: 0)
    #expect(folded.nodes.map(\.name) == ["sum"])
    #expect(try folded.initializer(folded.value(named: "positive"))?.floats() == [0.5, 1, 1.5])
  }

  @Test func eliminatingDeadNodes() throws {
    var graph = try TinyNetwork.graph()
    let value = try #require(graph.value(named: "layer1.0.relu3"))
    try graph.addNode("dead", .unary(.sigmoid), inputs: [value])
    let cleaned = try expectSame(graph, after: [EliminateDeadNodes()], within: 0)
    #expect(cleaned.nodes.count == graph.nodes.count - 1)
  }

  @Test func eliminatingIdentities() throws {
    var graph = try TinyNetwork.graph()
    let output = graph.outputs[0]
    let identity = try graph.addNode("identity", .identity(Identity()), inputs: [output])[0]
    let result = try graph.addNode("result", .softmax(Softmax(axis: 1)), inputs: [identity])[0]
    graph.setOutputs([result])
    let cleaned = try expectSame(graph, after: [EliminateIdentities()], within: 0)
    #expect(!cleaned.nodes.contains { $0.name == "identity" })
  }

  @Test(arguments: [false, true])
  func convertingToHalf(halfIO: Bool) throws {
    let graph = try TinyNetwork.graph()
    let half = try expectSame(
      graph, after: [FoldBatchNormalization(), ConvertToHalf(halfIO: halfIO)], within: 1e-2)
    #expect(half.nodes.contains { $0.op.name == "Cast" } != halfIO)
    #expect(half[half.inputs[0]].type.dataType == (halfIO ? .float16 : .float32))
    #expect(half.initializers.allSatisfy { half[$0].type.dataType == .float16 })
  }

  @Test func halfNamesTheWeightThatOverflows() throws {
    var graph = try TinyNetwork.graph()
    let bias = try #require(graph.value(named: "fc.bias"))
    graph[bias].initializer = Tensor([Float](repeating: 70000, count: 10), shape: [10])
    #expect(
      throws: ScaleNetError.unreadableInitializer(
        value: "fc.bias", error: .overflow(value: 70000, index: 0, target: .float16))
    ) {
      try graph.apply([ConvertToHalf()])
    }
  }
}
