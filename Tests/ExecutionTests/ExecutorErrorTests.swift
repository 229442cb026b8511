import FileIO
import Kernels
import ModelIR
import TestSupport
import Testing

@testable import Execution

@Suite struct ExecutorErrorTests {
  private func executor() throws -> Executor<Float> {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("batch"), 2]))
    graph.addOutput(try graph.addNode("y", .unary(.relu), inputs: [x])[0])
    return try Executor(graph, batch: 3, kernels: baselineKernels())
  }

  private func floats(_ shape: TensorShape) -> Tensor {
    Tensor([Float](repeating: 1, count: shape.elementCount), shape: shape)
  }

  @Test func inputsAreChecked() throws {
    let executor = try executor()
    #expect(throws: ScaleNetError.missingInput(name: "x", expected: "float32[3, 2]")) {
      try executor.run([:])
    }
    #expect(throws: ScaleNetError.unexpectedInput(name: "w", expected: ["x"])) {
      try executor.run(["z": floats([3, 2]), "x": floats([3, 2]), "w": floats([1])])
    }
    #expect(throws: ScaleNetError.wrongInput(name: "x", expected: "float32[3, 2]", found: "float32[2, 3]")) {
      try executor.run(["x": floats([2, 3])])
    }
    #expect(throws: ScaleNetError.wrongInput(name: "x", expected: "float32[3, 2]", found: "float64[3, 2]")) {
      try executor.run(["x": floats([3, 2]).cast(to: .float64)])
    }
    let overflowing = Tensor([1, 2, 3, 4, 1e300, 6] as [Double], shape: [3, 2]).cast(to: .float32)
    let error = ScaleNetError.unreadableInput(
      name: "x", error: .overflow(value: 1e300, index: 4, target: .float32))
    #expect(throws: error) { try executor.run(["x": overflowing]) }
    #expect(try executor.run(["x": floats([3, 2])])[0].tensor.floats() == [1, 1, 1, 1, 1, 1])
  }

  @Test func messagesAreOneLine() throws {
    let executor = try executor()
    let text = message { _ = try executor.run(["a\nb\u{1b}[31m": floats([1])]) }
    #expect(text == #"input a\u{a}b\u{1b}[31m: the graph has no such input, expected x"#)
  }

  @Test func divisionByZeroIsRefused() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.int64, [2]))
    graph.addOutput(try graph.addNode("quotient", .binary(.div), inputs: [x, x])[0])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    let text = message { _ = try executor.run(["x": Tensor([1, 0] as [Int64], shape: [2])]) }
    #expect(text == "node quotient (Div): input B: expected divisors other than 0, found 0")
  }

  @Test func elementsOfNothingAreRefused() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 0, 3]))
    graph.addOutput(try graph.addNode("y", .globalPool(.max), inputs: [x])[0])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    let text = message { _ = try executor.run(["x": Tensor([Float](), shape: [1, 2, 0, 3])]) }
    #expect(text == "node y (GlobalMaxPool): input X: expected at least one element, found [1, 2, 0, 3]")
  }

  @Test func memoryIsBounded() throws {
    func graph(_ extents: [Dimension], window: ModelIR.Window = Window(1)) throws -> Graph {
      var graph = Graph(name: "g")
      let x = try graph.addInput("x", TensorType(.float32, extents))
      let w = try graph.addInitializer("w", Tensor([1] as [Float], shape: [1, 1, 1, 1]))
      graph.addOutput(try graph.addNode("conv", .conv(Conv(window: window)), inputs: [x, w])[0])
      return graph
    }
    var options = ExecutionOptions()
    options.memoryLimit = 1 << 20
    for graph in [
      try graph([1, 1, 1024, 1024]), try graph([.fixed(1 << 30), 1, 1024, 1024]),
      // A small output of an image with wide margins.
      try graph(
        [1, 1, 8, 8],
        window: Window(kernel: [1, 1], strides: [1 << 20, 1 << 20], pads: [1 << 24, 0, 0, 1 << 24])),
    ] {
      let text = message {
        _ = try Executor<Float>(graph, kernels: baselineKernels(), options: options)
      }
      #expect(text.contains("expected at most 1048576"), "\(text)")
    }
    _ = try Executor<Float>(try graph([1, 1, 100, 100]), kernels: baselineKernels(), options: options)
  }

  @Test func expandedWeightIsNotRead() throws {
    // One stored element that claims to be 2^30.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, .fixed(1 << 15)]))
    let bomb = try Tensor(
      .float32, [1 << 15, 1 << 15], storage: .copying([Float(1)]), strides: [0, 0])
    let w = try graph.addInitializer("w", bomb)
    graph.addOutput(try graph.addNode("fc", .gemm(Gemm()), inputs: [x, w])[0])
    var options = ExecutionOptions()
    options.memoryLimit = 1 << 30
    let text = message { _ = try Executor<Float>(graph, kernels: baselineKernels(), options: options) }
    #expect(text == "w needs 4294967296 bytes, expected at most 1073741824")
  }
}
