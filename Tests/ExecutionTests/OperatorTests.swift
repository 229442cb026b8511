import Execution
import Kernels
import ModelIR
import Testing

/// What random graphs do not reach.
@Suite struct OperatorTests {
  private func run(
    _ op: Operator, _ inputs: [Tensor], outputType: DataType = .float32
  ) throws -> (Tensor, [Float]) {
    var graph = Graph(name: "g")
    var ids: [ValueID] = []
    for (index, tensor) in inputs.enumerated() {
      ids.append(try graph.addInput("\(index)", TensorType(tensor.dataType, tensor.shape)))
    }
    graph.addOutput(try graph.addNode("node", op, inputs: ids)[0])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    let named = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("\($0)", $1) })
    let output = try executor.run(named)[0].tensor
    return (output, try output.floats())
  }

  @Test func castsRound() throws {
    let values: [Float] = [1, 1.0001, 65519, -1e-9, 0.3333333]
    let input = Tensor(values, shape: [5])
    let (half, halves) = try run(.cast(Cast(to: .float16)), [input])
    #expect(half.dataType == .float16)
    #expect(halves == values.map { Float(Float16($0)) })
    let (brain, brains) = try run(.cast(Cast(to: .bfloat16)), [input])
    #expect(brain.dataType == .bfloat16)
    #expect(brains == [1, 1, 65536, Float(bitPattern: 0xb089_0000), 0.333_984_375])
    let (double, doubles) = try run(.cast(Cast(to: .float64)), [input])
    #expect(double.dataType == .float64)
    #expect(doubles == values)
  }

  @Test(arguments: 0..<4)
  func concatenations(axis: Int) throws {
    let left = Tensor((0..<24).map { Float($0) }, shape: [2, 2, 2, 3])
    var shape = [2, 2, 2, 3]
    shape[axis] = 1
    let count = shape.reduce(1, *)
    let right = Tensor((0..<count).map { Float(100 + $0) }, shape: TensorShape(shape))
    let (output, found) = try run(.concat(Concat(axis: axis)), [left, right])
    shape[axis] = [2, 2, 2, 3][axis] + 1
    #expect(output.shape == TensorShape(shape))
    var expected: [Float] = []
    let rows = shape[..<axis].reduce(1, *)
    for row in 0..<rows {
      let (one, other) = (24 / rows, count / rows)
      expected += (row * one..<(row + 1) * one).map { Float($0) }
      expected += (row * other..<(row + 1) * other).map { Float(100 + $0) }
    }
    #expect(found == expected)
  }

  @Test func convolutionPlusItsInput() throws {
    // The residual is the input itself: the output must not take its memory.
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 4, 4]))
    let y = try graph.addNode("relu", .unary(.relu), inputs: [x])[0]
    let w = try graph.addInitializer("w", Tensor([Float](repeating: 1, count: 36), shape: [2, 2, 3, 3]))
    let conv = try graph.addNode("conv", .conv(Conv(window: Window(3, pad: 1))), inputs: [y, w])[0]
    graph.addOutput(try graph.addNode("sum", .binary(.add), inputs: [conv, y])[0])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    let ones = Tensor([Float](repeating: 1, count: 32), shape: [1, 2, 4, 4])
    let rows: [Float] = [9, 13, 13, 9, 13, 19, 19, 13, 13, 19, 19, 13, 9, 13, 13, 9]
    #expect(try executor.run(["x": ones])[0].tensor.floats() == rows + rows)
  }

  @Test func inputsAndInitializersAsOutputs() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [2]))
    let w = try graph.addInitializer("w", Tensor([5, 6] as [Float], shape: [2]))
    let y = try graph.addNode("y", .unary(.relu), inputs: [x])[0]
    graph.setOutputs([x, w, y, y])
    let executor = try Executor<Float>(graph, kernels: baselineKernels())
    for _ in 0..<2 {
      let outputs = try executor.run(["x": Tensor([-1, 2] as [Float], shape: [2])])
      #expect(outputs.map(\.name) == ["x", "w", "y", "y"])
      #expect(try outputs.map { try $0.tensor.floats() } == [[-1, 2], [5, 6], [0, 2], [0, 2]])
    }
  }

  @Test func resizeByScales() throws {
    // 3 to 7 with the least factor in Float that is not below 7/3.
    let scale: Float = 2.333_333_5
    let resize = Resize(
      mode: .linear, coordinateTransformation: .halfPixel, extent: .scales([scale, scale]))
    let input = Tensor((0..<9).map { Float($0) }, shape: [1, 1, 3, 3])
    let (output, found) = try run(.resize(resize), [input])
    #expect(output.shape == [1, 1, 7, 7])
    // The first row lies above the first pixels' centres, where nothing is mixed downwards.
    #expect(abs(found[3] - 1) < 1e-6 && abs(found[24] - 4) < 1e-6 && abs(found[48] - 8) < 1e-6)
  }
}
