import Execution
import ModelIR
import Testing

@Suite struct ConstantEvaluatorTests {
  @Test func foldsArithmetic() throws {
    var graph = Graph(name: "g")
    let a = try graph.addInitializer("a", Tensor([1, 2, 3] as [Float], shape: [3]))
    let b = try graph.addInitializer("b", Tensor([10, -20, 30] as [Float], shape: [3]))
    let x = try graph.addInput("x", TensorType(.float32, [3]))
    let sum = try graph.addNode("sum", .add(Add()), inputs: [a, b])[0]
    let rectified = try graph.addNode("relu", .relu(Relu()), inputs: [sum])[0]
    graph.addOutput(try graph.addNode("out", .mul(Mul()), inputs: [x, rectified])[0])
    #expect(try FoldConstants(evaluator: KernelConstantEvaluator()).run(on: &graph))
    try graph.validate()
    #expect(graph.nodes.map(\.name) == ["out"])
    let folded = try #require(graph.initializer(graph.nodes[0].inputs[1]))
    #expect(folded.dataType == .float32)
    #expect(try folded.floats() == [11, 0, 33])
  }

  @Test func leavesIntegersAlone() throws {
    let evaluator = KernelConstantEvaluator()
    let shape = Tensor([1, 2] as [Int64], shape: [2])
    #expect(try evaluator.evaluate(.concat(Concat(axis: 0)), inputs: [shape, shape]) == nil)
    let numbers = Tensor([1, 2] as [Float], shape: [2])
    #expect(try evaluator.evaluate(.cast(Cast(to: .int64)), inputs: [numbers]) == nil)
  }

  @Test func convolvesConstants() throws {
    let image = Tensor((0..<8).map { Float($0) }, shape: [1, 2, 2, 2])
    let weights = Tensor([1, 10] as [Float], shape: [1, 2, 1, 1])
    let results = try KernelConstantEvaluator().evaluate(
      .conv(Conv(window: Window(1))), inputs: [image, weights, nil])
    #expect(try #require(results?.first).floats() == [40, 51, 62, 73])
  }
}
