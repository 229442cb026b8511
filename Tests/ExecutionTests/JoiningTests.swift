import FileIO
import Foundation
import Kernels
import ModelIR
import TestSupport
import Testing

@testable import Execution

/// What a plan computes before the first run, and what it computes as one.
@Suite struct JoiningTests {
  private func step(_ operation: Execution.Operation<Float>) -> String {
    switch operation {
    case .reference: "reference"
    case .unary(.gelu): "gelu"
    case .matrixProduct: "product"
    case .computedMatrixProducts: "products"
    case .move: "move"
    case .alias: "alias"
    case .binary: "binary"
    default: "other"
    }
  }

  private func steps(_ graph: Graph, batch: Int = 1) throws -> [String] {
    let settled = try graph.binding(batch: batch).settled(foldsReals: true, limit: 1 << 20)
    var planner = try Planner<Float>(
      settled, kernels: baselineKernels(), options: ExecutionOptions(), threads: 1)
    return try planner.run().steps.map { step($0.operation) }
  }

  /// Attention's factor is made of an extent, and its shape of several, when exporters leave the batch open.
  @Test func extentsAreKnownBeforeARun() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [.symbolic("n"), 4, 6]))
    let extent = try graph.addNode("extent", .shape(Shape(axes: 1..<2)), inputs: [x])[0]
    let real = try graph.addNode("real", .cast(Cast(to: .float32)), inputs: [extent])[0]
    let root = try graph.addNode("root", .unary(.sqrt), inputs: [real])[0]
    let scaled = try graph.addNode("scaled", .binary(.div), inputs: [x, root])[0]
    let batch = try graph.addNode("batch", .shape(Shape(axes: 0..<1)), inputs: [x])[0]
    let rest = try graph.addInitializer("rest", try Tensor(.int64, [1], storage: .copying([Int64(24)])))
    let shape = try graph.addNode("shape", .concat(Concat(axis: 0)), inputs: [batch, rest])[0]
    graph.addOutput(
      try graph.addNode("y", .computed(.reshape(allowsZero: false)), inputs: [scaled, shape])[0])
    try graph.validate()
    #expect(try !steps(graph, batch: 3).contains("reference"))
    let elements = (0..<72).map { Float($0) }
    let executor = try Executor<Float>(graph, batch: 3, kernels: baselineKernels())
    let input = ["x": Tensor(elements, shape: [3, 4, 6])]
    let output = try executor.run(input)[0].tensor
    #expect(output.shape == [3, 24])
    #expect(try output.floats() == elements.map { $0 / 2 })
    // Who observes sees every node.
    var seen: [String] = []
    _ = try executor.run(input) { id, _ in seen.append(executor.graph[id].name) }
    #expect(seen == ["extent", "real", "root", "scaled", "batch", "shape", "y"])
  }

  /// `x * 1/2 * (1 + erf(x / sqrt(2)))` behind a product with its bias, as PyTorch's two exporters write it.
  @Test(arguments: [false, true]) func geluInPartsIsOne(halvesFirst: Bool) throws {
    for root in [Float(2).squareRoot(), 1.4141] {
      var graph = Graph(name: "g")
      func number(_ name: String, _ value: Float) throws -> ValueID {
        try graph.addInitializer(name, Tensor([value], shape: []))
      }
      let x = try graph.addInput("x", TensorType(.float32, [1, 2, 2]))
      let w = try graph.addInitializer("w", Tensor([1, 2, 3, -4] as [Float], shape: [2, 2]))
      let b = try graph.addInitializer("b", Tensor([0.5, -0.25] as [Float], shape: [2]))
      let product = try graph.addNode("product", .matMul(MatMul()), inputs: [x, w])[0]
      let biased = try graph.addNode("biased", .binary(.add), inputs: [b, product])[0]
      let half = try number("half", 0.5)
      let first = halvesFirst ? try graph.addNode("first", .binary(.mul), inputs: [biased, half])[0] : biased
      let scaled = try graph.addNode("scaled", .binary(.div), inputs: [biased, try number("root", root)])[0]
      let erf = try graph.addNode("erf", .unary(.erf), inputs: [scaled])[0]
      let sum = try graph.addNode("sum", .binary(.add), inputs: [erf, try number("one", 1)])[0]
      let whole = try graph.addNode("whole", .binary(.mul), inputs: [first, sum])[0]
      graph.addOutput(
        halvesFirst ? whole : try graph.addNode("y", .binary(.mul), inputs: [half, whole])[0])
      try graph.validate()
      // Another number than the root of 2 is another function, and stays as it is written.
      let isGelu = root != 1.4141
      #expect(try steps(graph).contains("gelu") == isGelu)
      #expect(try steps(graph).count { $0 == "binary" } == (isGelu ? 0 : 4))
      let elements: [Float] = [0.1, -0.2, 0.3, 0.4]
      let output = try Executor<Float>(graph, kernels: baselineKernels())
        .run(["x": Tensor(elements, shape: [1, 2, 2])])[0].tensor.floats()
      for row in 0..<2 {
        for column in 0..<2 {
          let (left, right) = (Double(elements[2 * row]), Double(elements[2 * row + 1]))
          let value =
            column == 0 ? left * 1 + right * 3 + 0.5 : left * 2 - right * 4 - 0.25
          let expected = value / 2 * (1 + Foundation.erf(value / Double(root)))
          #expect(abs(Double(output[2 * row + column]) - expected) < 1e-6)
        }
      }
    }
  }

  /// `x * sigmoid(x)` in either order is one step, in the place of what it reads, unless its gate is wanted elsewhere too.
  @Test(arguments: [false, true], [false, true]) func swishInPartsIsOne(gateFirst: Bool, isRead: Bool) throws
  {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 1, 2]))
    let moved = try graph.addNode(
      "moved", .binary(.add),
      inputs: [x, try graph.addInitializer("term", Tensor([0.25 as Float], shape: []))])[0]
    let gate = try graph.addNode("gate", .unary(.sigmoid), inputs: [moved])[0]
    graph.addOutput(
      try graph.addNode("y", .binary(.mul), inputs: gateFirst ? [gate, moved] : [moved, gate])[0])
    if isRead { graph.addOutput(try graph.addNode("z", .unary(.relu), inputs: [gate])[0]) }
    try graph.validate()
    var planner = try Planner<Double>(
      graph, kernels: ReferenceKernels<Double>(), options: ExecutionOptions(), threads: 1)
    let operations = try planner.run().steps.map(\.operation)
    let swishes = operations.count { if case .unary(.swish) = $0 { true } else { false } }
    #expect(swishes == (isRead ? 0 : 1) && operations.count == (isRead ? 4 : 2))
    let elements: [Float] = [0.5, -2, 3.25, -40]
    let output = try Executor<Double>(graph, kernels: ReferenceKernels<Double>())
      .run(["x": Tensor(elements, shape: [1, 2, 1, 2])])[0].tensor.doubles()
    for (element, found) in zip(elements, output) {
      let value = Double(element) + 0.25
      let expected = value / (1 + exp(-value))
      // Outputs are rounded to float32.
      #expect(abs(found - expected) <= 0x1p-24 * abs(expected))
    }
  }

  /// Products for all threads, and one that is left for them together, each B packed where another one was.
  @Test(arguments: [1, 2, 3]) func productsOfComputedMatrices(threads: Int) throws {
    var graph = Graph(name: "g")
    let a = try graph.addInput("a", TensorType(.float32, [5, 3, 40]))
    let b = try graph.addInput("b", TensorType(.float32, [5, 40, 37]))
    graph.addOutput(try graph.addNode("y", .matMul(MatMul()), inputs: [a, b])[0])
    try graph.validate()
    var random = RandomSource(seed: 4)
    let left = (0..<600).map { _ in Float(Int(random.next() % 17)) - 8 }
    let right = (0..<7400).map { _ in Float(Int(random.next() % 17)) - 8 }
    let executor = try Executor<Float>(graph, kernels: baselineKernels(), threads: threads)
    for _ in 0..<2 {
      let output = try executor.run([
        "a": Tensor(left, shape: [5, 3, 40]), "b": Tensor(right, shape: [5, 40, 37]),
      ])[0].tensor.floats()
      for index in 0..<5 {
        for row in 0..<3 {
          for column in 0..<37 {
            let sum = (0..<40).reduce(Float(0)) {
              $0 + left[(index * 3 + row) * 40 + $1] * right[(index * 40 + $1) * 37 + column]
            }
            #expect(output[(index * 3 + row) * 37 + column] == sum)
          }
        }
      }
    }
  }
}
