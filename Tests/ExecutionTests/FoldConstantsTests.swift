import Execution
import ModelIR
import Testing

@Suite struct FoldConstantsTests {
  @Test func foldsArithmetic() throws {
    var graph = Graph(name: "g")
    let a = try graph.addInitializer("a", Tensor([1, 2, 3] as [Float], shape: [3]))
    let b = try graph.addInitializer("b", Tensor([10, -20, 30] as [Float], shape: [3]))
    let x = try graph.addInput("x", TensorType(.float32, [3]))
    let sum = try graph.addNode("sum", .binary(.add), inputs: [a, b])[0]
    let rectified = try graph.addNode("relu", .unary(.relu), inputs: [sum])[0]
    graph.addOutput(try graph.addNode("out", .binary(.mul), inputs: [x, rectified])[0])
    #expect(try FoldConstants().run(on: &graph))
    try graph.validate()
    #expect(graph.nodes.map(\.name) == ["out"])
    let folded = try #require(graph.initializer(graph.nodes[0].inputs[1]))
    #expect(folded.dataType == .float32)
    #expect(try folded.floats() == [11, 0, 33])
  }

  @Test func extentsOfValuesBecomeKnown() throws {
    // The shape of x, with its last extent as -1, is what a constant is brought to.
    var graph = Graph(name: "g")
    let w = try graph.addInitializer("w", Tensor((0..<6).map { Float($0) }, shape: [6]))
    let two = try graph.addInitializer("two", Tensor([2] as [Int64], shape: [1]))
    let rest = try graph.addInitializer("rest", Tensor([-1] as [Int64], shape: [1]))
    let x = try graph.addInput("x", TensorType(.float32, [2, 3]))
    let shape = try graph.addNode("shape", .concat(Concat(axis: 0)), inputs: [two, rest])[0]
    let matrix = try graph.addNode("matrix", .computed(.reshape(allowsZero: false)), inputs: [w, shape])[0]
    #expect(graph[matrix].type == TensorType(.float32, [.unknown, .unknown]))
    graph.addOutput(try graph.addNode("out", .binary(.add), inputs: [x, matrix])[0])
    #expect(try FoldConstants().run(on: &graph))
    try graph.validate()
    #expect(graph.nodes.map(\.name) == ["out"])
    #expect(graph.initializer(graph.value(named: "matrix"))?.shape == [2, 3])
  }

  @Test func largeConstantsStay() throws {
    var graph = Graph(name: "g")
    let w = try graph.addInitializer("w", Tensor([1] as [Float], shape: [1, 1]))
    graph.addOutput(try graph.addNode("out", .expand(Expand(shape: [1000, 1000])), inputs: [w])[0])
    #expect(try !FoldConstants(limit: 1 << 20).run(on: &graph))
    #expect(graph.nodes.count == 1)
  }
}
