import Execution
import Kernels
import ModelIR
import Testing

/// Every operator against onnx's reference evaluator, whatever of its inputs is known before the graph runs.
@Suite struct OperatorCaseTests {
  @Test func noCaseIsForgotten() throws {
    let names = try OperatorCase.archive.get().entries.map(\.name).filter { $0.hasSuffix(".output") }
    #expect(Set(names) == Set(OperatorCase.all.map { "\($0.name).output" }))
  }

  @Test(arguments: OperatorCase.all)
  func agreesWithReference(_ operatorCase: OperatorCase) throws {
    let (inputs, expected) = try operatorCase.load()
    for known in [inputs.count, 1, 0] {
      // The inputs before `known` are the graph's, the others initializers.
      var graph = Graph(name: "case")
      var named: [String: Tensor] = [:]
      var ids: [ValueID] = []
      for (index, tensor) in inputs.enumerated() {
        if index < known {
          ids.append(try graph.addInput("\(index)", TensorType(tensor.dataType, tensor.shape)))
          named["\(index)"] = tensor
        } else {
          ids.append(try graph.addInitializer("\(index)", tensor))
        }
      }
      graph.addOutput(try graph.addNode("node", operatorCase.op, inputs: ids)[0])
      let values = try expected.doubles()

      let exact = try Executor<Double>(graph, kernels: ReferenceKernels(), threads: 3).run(named)[0].tensor
      #expect(exact.shape == expected.shape)
      #expect(relativeDistance(try exact.doubles(), values) <= Closeness.reference)

      let single = try Executor<Float>(graph, kernels: baselineKernels(), threads: 1).run(named)[0].tensor
      #expect(relativeDistance(try single.doubles(), values) <= Closeness.float)
      let parallel = try Executor<Float>(graph, kernels: baselineKernels(), threads: 3).run(named)[0].tensor
      #expect(try parallel.floats() == single.floats(), "the threads change the result")
      let plain = try Executor<Float>(graph, kernels: ReferenceKernels(), threads: 2).run(named)[0].tensor
      #expect(relativeDistance(try plain.doubles(), values) <= Closeness.float)
    }
  }
}
