import FileIO
import Kernels
import ModelIR
import TestSupport
import Testing

@testable import Execution

/// Graphs whose values are not all floating-point tensors of known extents.
@Suite struct TypedGraphTests {
  private func run<Scalar: ExecutionScalar>(
    _ graph: Graph, _ inputs: [String: Tensor], _ kernels: any KernelSet<Scalar>
  ) throws -> [String: Tensor] {
    try graph.validate()
    let outputs = try Executor<Scalar>(graph, kernels: kernels).run(inputs)
    return Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0.tensor) })
  }

  @Test func kernelsAndReferenceTakeTurns() throws {
    // conv -> round (reference) -> relu -> cast to int32 -> + 1 -> cast to float32 -> max pool.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("n"), 1, 2, 2]))
    let w = try graph.addInitializer("w", Tensor([1.5] as [Float], shape: [1, 1, 1, 1]))
    let one = try graph.addInitializer(
      "one", try Tensor(.int32, [1], storage: .copying([Int32(1)])))
    let conv = try graph.addNode("conv", .conv(Conv(window: Window(1))), inputs: [x, w])[0]
    let whole = try graph.addNode("round", .unary(.round), inputs: [conv])[0]
    let relu = try graph.addNode("relu", .unary(.relu), inputs: [whole])[0]
    let cast = try graph.addNode("cast", .cast(Cast(to: .int32)), inputs: [relu])[0]
    let sum = try graph.addNode("sum", .binary(.add), inputs: [cast, one])[0]
    let real = try graph.addNode("real", .cast(Cast(to: .float32)), inputs: [sum])[0]
    graph.addOutput(try graph.addNode("pool", .maxPool(MaxPool(window: Window(2))), inputs: [real])[0])
    graph.addOutput(sum)
    let input = Tensor([1, -3, 3, 5] as [Float], shape: [1, 1, 2, 2])
    for outputs in [
      try run(graph, ["x": input], baselineKernels()),
      try run(graph, ["x": input], ReferenceKernels<Double>()),
    ] {
      // 1.5 and 4.5 and 7.5 are halves: to 2, 4 and 8.
      #expect(try outputs["pool"]?.floats() == [9])
      #expect(outputs["sum"]?.dataType == .int32)
      #expect(try outputs["sum"]?.integers() == [3, 1, 5, 9])
    }
  }

  @Test func extentsThatValuesDecide() throws {
    // The elements above 0, doubled, beside how many they are.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [6]))
    let zero = try graph.addInitializer("zero", Tensor([0] as [Float], shape: [1]))
    let isPositive = try graph.addNode("positive", .binary(.greater), inputs: [x, zero])[0]
    let kept = try graph.addNode("kept", .compress(Compress(axis: 0)), inputs: [x, isPositive])[0]
    #expect(graph[kept].type == TensorType(.float32, [.unknown]))
    let doubled = try graph.addNode("doubled", .binary(.add), inputs: [kept, kept])[0]
    graph.addOutput(doubled)
    graph.addOutput(try graph.addNode("count", .shape(Shape(axes: 0..<1)), inputs: [doubled])[0])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    for (elements, expected) in [
      ([1, -2, 3, -4, 5, 0], [2, 6, 10]), ([-1, -1, -1, -1, -1, -1], []),
      ([1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]),
    ] as [([Float], [Float])] {
      var seen: [String] = []
      let outputs = try executor.run(["x": Tensor(elements, shape: [6])]) { id, _ in
        seen.append(executor.graph[id].name)
      }
      #expect(try outputs[0].tensor.floats() == expected)
      #expect(try outputs[1].tensor.integers() == [Int64(expected.count)])
      #expect(seen == ["positive", "kept", "doubled", "count"])
      #expect(try executor.run(["x": Tensor(elements, shape: [6])])[0].tensor.floats() == expected)
    }
  }

  @Test func doubleIsNotRounded() throws {
    // (x + 2^-30) - x through operators without a fast kernel: float32 loses it, the oracle does not.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1]))
    let small = try graph.addInitializer("small", Tensor([0x1p-30] as [Float], shape: [1]))
    let sum = try graph.addNode("sum", .variadic(.sum), inputs: [x, small])[0]
    let negative = try graph.addNode("negative", .unary(.neg), inputs: [x])[0]
    graph.addOutput(try graph.addNode("y", .variadic(.sum), inputs: [sum, negative])[0])
    let input = ["x": Tensor([1] as [Float], shape: [1])]
    #expect(try run(graph, input, ReferenceKernels<Double>())["y"]?.doubles() == [0x1p-30])
    #expect(try run(graph, input, baselineKernels())["y"]?.doubles() == [0])
  }

  @Test func nodesOfSeveralOutputs() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [2, 3]))
    let ids = try graph.addNode("top", .topK(TopK(count: 2, axis: 1)), inputs: [x])
    let doubled = try graph.addNode("doubled", .binary(.add), inputs: [ids[0], ids[0]])[0]
    graph.addOutput(doubled)
    graph.addOutput(ids[1])
    let input = Tensor([1, 5, 3, 9, 7, 8] as [Float], shape: [2, 3])
    let outputs = try run(graph, ["x": input], baselineKernels())
    #expect(try outputs["doubled"]?.floats() == [10, 6, 18, 16])
    #expect(try outputs["top.1"]?.integers() == [1, 2, 0, 2])
  }

  @Test func emptyValuesFlow() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [0, 3]))
    let relu = try graph.addNode("relu", .unary(.relu), inputs: [x])[0]
    graph.addOutput(try graph.addNode("sum", .reduce(Reduce(.sum, axes: [0])), inputs: [relu])[0])
    let outputs = try run(graph, ["x": Tensor([Float](), shape: [0, 3])], baselineKernels())
    #expect(try outputs["sum"]?.floats() == [0, 0, 0])
  }
}
