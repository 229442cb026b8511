import FileIO
import Kernels
import ModelIR
import Testing

@testable import Execution

/// Plans that pack weights as they run, against those that keep them and against the interpreter.
@Suite struct PassingWeightsTests {
  private static var passing: ExecutionOptions {
    var options = ExecutionOptions()
    options.keepsWeights = false
    return options
  }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed)
    return random.normals(count)
  }

  /// The outputs of a plan that keeps weights and of one that does not, in each precision.
  private func check(_ graph: Graph, _ input: Tensor, batch: Int = 1, threads: Int = 2) throws {
    func values<Scalar: ExecutionScalar>(
      _ kernels: any KernelSet<Scalar>, _ options: ExecutionOptions
    ) throws -> [[Double]] {
      let executor = try Executor<Scalar>(
        graph, batch: batch, kernels: kernels, threads: threads, options: options)
      let name = graph[graph.inputs[0]].name
      let first = try executor.run([name: input])
      let second = try executor.run([name: input])
      let results = try first.map { try $0.tensor.doubles() }
      #expect(try second.map { try $0.tensor.doubles() } == results)
      return results
    }
    let doubles = try values(DoubleKernels([.baseline]), Self.passing)
    #expect(try doubles == values(DoubleKernels([.baseline]), ExecutionOptions()))
    let exact = try values(ReferenceKernels<Double>(), Self.passing)
    #expect(try exact == values(ReferenceKernels<Double>(), ExecutionOptions()))
    for (one, other) in zip(doubles, exact) { #expect(relativeDistance(one, other) <= 1e-12) }
    let floats = try values(baselineKernels(), Self.passing)
    let kept = try values(baselineKernels(), ExecutionOptions())
    for index in floats.indices {
      #expect(relativeDistance(floats[index], kept[index]) <= Closeness.float)
      #expect(relativeDistance(floats[index], exact[index]) <= Closeness.float)
    }
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func randomGraphs(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed).graph
    let type = graph[graph.inputs[0]].type.binding(2)
    let shape = try #require(type.shape)
    try check(graph, Tensor(numbers(shape.elementCount, seed), shape: shape), batch: 2)
  }

  /// A layer of more elements than a part: 256 channels of 1024 x 3 x 3.
  @Test func aConvolutionInParts() throws {
    var graph = Graph(name: "large")
    let x = try graph.addInput("x", TensorType(.float32, [1, 1024, 2, 2]))
    let weight = try graph.addInitializer(
      "weight", Tensor(numbers(256 * 1024 * 9, 1), shape: [256, 1024, 3, 3]))
    let bias = try graph.addInitializer("bias", Tensor(numbers(256, 2), shape: [256]))
    let residual = try graph.addInitializer(
      "residual", Tensor(numbers(256 * 4, 3), shape: [1, 256, 2, 2]))
    let conv = try graph.addNode(
      "conv", .conv(Conv(window: ModelIR.Window(3, pad: 1))), inputs: [x, weight, bias])[0]
    let sum = try graph.addNode("sum", .binary(.add), inputs: [conv, residual])[0]
    graph.setOutputs([try graph.addNode("relu", .unary(.relu), inputs: [sum])[0]])
    #expect(256 * 1024 * 9 > PassingWeight.partElements)
    try check(graph, Tensor(numbers(1024 * 4, 4), shape: [1, 1024, 2, 2]))
  }

  /// Matrices of more elements than a part, stored either way, for one row and for several.
  @Test(arguments: [false, true], [1, 3])
  func matricesInParts(isTransposed: Bool, rows: Int) throws {
    let (depth, columns) = (30_000, 100)
    #expect(depth * columns > PassingWeight.partElements)
    var graph = Graph(name: "large")
    let x = try graph.addInput("x", TensorType(.float32, [Dimension.fixed(rows), .fixed(depth)]))
    let b = try graph.addInitializer(
      "b",
      Tensor(
        numbers(depth * columns, 1), shape: isTransposed ? [columns, depth] : [depth, columns]))
    let c = try graph.addInitializer("c", Tensor(numbers(columns, 2), shape: TensorShape([columns])))
    graph.setOutputs([
      try graph.addNode(
        "gemm", .gemm(Gemm(alpha: 0.5, beta: 2, transB: isTransposed)), inputs: [x, b, c])[0]
    ])
    try check(graph, Tensor(numbers(rows * depth, 3), shape: TensorShape([rows, depth])))
  }

  /// Weights that are stored as something else than float32 in order.
  @Test(arguments: ["wide", "narrowed", "transposed", "scaled"])
  func weightsOfOtherForms(form: String) throws {
    var graph = Graph(name: "forms")
    let type: DataType = form == "wide" ? .float64 : .float32
    let x = try graph.addInput("x", TensorType(type, [Dimension.fixed(1), 8, 5, 5] as [Dimension]))
    let elements = numbers(24 * 8 * 9, 1)
    var tensor = Tensor(elements, shape: [24, 8, 3, 3])
    switch form {
    case "wide": tensor = Tensor(elements.map { Double($0) * 1.000_000_01 }, shape: [24, 8, 3, 3])
    case "narrowed":
      tensor = Tensor(elements.map { Double($0) * 1.000_000_01 }, shape: [24, 8, 3, 3]).cast(
        to: .float32)
    case "transposed": tensor = Tensor(elements, shape: [8, 24, 3, 3]).transposed([1, 0, 2, 3])
    default: tensor = tensor.scaled(byChannel: numbers(24, 2))
    }
    let weight = try graph.addInitializer("weight", tensor)
    graph.setOutputs([
      try graph.addNode(
        "conv", .conv(Conv(window: ModelIR.Window(3, pad: 1))), inputs: [x, weight])[0]
    ])
    try check(graph, Tensor(numbers(200, 4), shape: [1, 8, 5, 5]).cast(to: type))
  }
}
