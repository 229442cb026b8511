import FileIO
import Testing

@testable import ModelIR

@Suite struct GraphTests {
  private func chain() throws -> Graph {
    var graph = Graph(name: "chain")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("n"), 2, 4, 4]))
    let a = try graph.addNode("a", .unary(.relu), inputs: [x])[0]
    let b = try graph.addNode("b", .unary(.sigmoid), inputs: [a])[0]
    graph.setOutputs([b])
    return graph
  }

  @Test func acceptsAGoodGraph() throws {
    let graph = try chain()
    #expect(throws: Never.self) { try graph.validate() }
    #expect(try graph.binding(batch: 3)[graph.outputs[0]].type.shape == [3, 2, 4, 4])
  }

  @Test func namesANodeThatReadsWhatComesLater() throws {
    var graph = try chain()
    graph.nodes.swapAt(0, 1)
    #expect(throws: ScaleNetError.undefinedValue(node: "b", value: "a")) { try graph.validate() }
  }

  @Test func namesAValueThatIsProducedTwice() throws {
    var graph = try chain()
    graph.nodes[1].outputs = graph.nodes[0].outputs
    #expect(throws: ScaleNetError.producedTwice(value: "a", node: "b")) { try graph.validate() }
  }

  @Test func namesAnOutputWithoutProducer() throws {
    var graph = try chain()
    graph.nodes.removeLast()
    #expect(throws: ScaleNetError.undefinedOutput(value: "b")) { try graph.validate() }
  }

  @Test func namesNamesThatAreUsedTwice() throws {
    var graph = try chain()
    #expect(throws: ScaleNetError.duplicateName(name: "x")) {
      try graph.addInput("x", TensorType(.float32, [1]))
    }
    graph.nodes[1].name = "a"
    #expect(throws: ScaleNetError.duplicateName(name: "a")) { try graph.validate() }
  }

  @Test func namesAWrongType() throws {
    var graph = try chain()
    graph[graph.outputs[0]].type = TensorType(.float32, [1])
    #expect(throws: ScaleNetError.self) { try graph.validate() }
  }

  @Test func namesNodeAndOperatorOfBadInputs() throws {
    var graph = Graph(name: "bad")
    let x = try graph.addInput("x", TensorType(.float32, [2]))
    #expect(
      throws: ScaleNetError.invalidNode(
        node: "p", op: "GlobalAveragePool", place: "input X", expected: "rank 2 or more",
        found: "float32[2]")
    ) {
      try graph.addNode("p", .globalPool(.average), inputs: [x])
    }
  }

  @Test func removesDeadNodesAndTheirWeights() throws {
    var graph = try chain()
    let weight = try graph.addInitializer("w", Tensor([Float(1)], shape: [1]))
    try graph.addNode("dead", .binary(.mul), inputs: [graph.inputs[0], weight])
    try graph.addNode("deader", .unary(.relu), inputs: [graph.value(named: "dead")])
    try graph.apply([EliminateDeadNodes()])
    #expect(graph.nodes.map(\.name) == ["a", "b"])
    #expect(graph.values.map(\.name) == ["x", "a", "b"])
    #expect(graph.value(named: "w") == nil)
  }

  @Test func removesIdentitiesButKeepsOutputNames() throws {
    var graph = Graph(name: "identities")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2]))
    let a = try graph.addNode("a", .identity(Identity()), inputs: [x])[0]
    let b = try graph.addNode("b", .identity(Identity()), inputs: [a])[0]
    let c = try graph.addNode("c", .unary(.relu), inputs: [b])[0]
    let d = try graph.addNode("d", .identity(Identity()), inputs: [c])[0]
    graph.setOutputs([d])
    try graph.apply([EliminateIdentities()])
    #expect(graph.nodes.map(\.name) == ["c", "d"])
    #expect(graph[graph.nodes[0].inputs[0]!].name == "x")
    #expect(graph[graph.outputs[0]].name == "d")
  }
}
