import Execution
import FileIO
import Kernels
import ModelIR
import Testing

/// Plans against the interpreter: neither fusion nor shared memory may change a result.
@Suite struct RandomGraphTests {
  private func input(_ graph: Graph, batch: Int) throws -> Tensor {
    let type = graph[graph.inputs[0]].type.binding(batch)
    let shape = try #require(type.shape)
    var source = RandomSource(seed: 99)
    return Tensor(source.normals(shape.elementCount), shape: shape)
  }

  @Test(arguments: 0..<150 as Range<UInt64>)
  func agreesWithInterpreter(seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed).graph
    for batch in [1, 4] {
      let input = try input(graph, batch: batch)
      let expected = try Interpreter().run(try graph.binding(batch: batch), input: input)

      let exact = try Executor<Double>(graph, batch: batch, kernels: ReferenceKernels(), threads: 2)
      for (id, output) in zip(graph.outputs, try exact.run(["input": input])) {
        #expect(relativeDistance(try output.tensor.doubles(), try #require(expected[id])) <= 1e-7)
      }

      let fast = try Executor<Float>(graph, batch: batch, kernels: baselineKernels(), threads: 2)
      let outputs = try fast.run(["input": input])
      #expect(outputs.map(\.name) == graph.outputs.map { graph[$0].name })
      for (id, output) in zip(graph.outputs, outputs) {
        let distance = relativeDistance(try output.tensor.doubles(), try #require(expected[id]))
        #expect(distance <= Closeness.float, "\(output.name)")
      }
      // Once more: nothing of the first run may matter to the second.
      #expect(try values(try fast.run(["input": input])) == values(outputs))

      var observed: [ValueID] = []
      let same = try fast.run(["input": input]) { id, tensor throws(ScaleNetError) in
        observed.append(id)
        let values = (try? tensor.doubles()) ?? []
        #expect(relativeDistance(values, expected[id] ?? []) <= Closeness.float, "\(graph[id].name)")
      }
      #expect(try values(same) == values(outputs), "fusion changes a result")
      #expect(observed == graph.nodes.map { $0.outputs[0] })

      var options = ExecutionOptions()
      options.foldsBatchNormalization = true
      let folded = try Executor<Float>(
        graph, batch: batch, kernels: baselineKernels(), threads: 1, options: options)
      for (id, output) in zip(graph.outputs, try folded.run(["input": input])) {
        let distance = relativeDistance(try output.tensor.doubles(), try #require(expected[id]))
        #expect(distance <= Closeness.float, "\(output.name)")
      }
    }
  }

  private func values(_ outputs: [NamedTensor]) throws -> [[Float]] {
    try outputs.map { try $0.tensor.floats() }
  }
}
