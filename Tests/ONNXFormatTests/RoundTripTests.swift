import FileIO
import TestSupport
import Testing

@testable import ModelIR
@testable import ONNXFormat

@Suite struct RoundTripTests {
  @Test(arguments: [11, 12, 13, 14, 17, 18, 19, 21], [Dimension.fixed(2), .symbolic("batch")])
  func everyOperatorSurvives(opset: Int, batch: Dimension) throws {
    let graph = try everyOperator(batch: batch)
    try withTemporaryDirectory { directory in
      let model = StoredModel(graph: graph, metadata: [("source", "test"), ("a", "b\nc")])
      let bytes = try write(model, .init(opset: opset), in: directory)
      let again = try read(bytes)
      try expectEqual(graph, again.graph)
      #expect(again.metadata.map(\.key) == ["source", "a"])
      #expect(again.metadata.map(\.value) == ["test", "b\nc"])
      #expect(again.graph.name == "every operator")
      #expect(try write(again, .init(opset: opset), in: directory, name: "again.onnx") == bytes)
    }
  }

  @Test func writerKnowsTheSize() throws {
    let model = StoredModel(graph: try everyOperator(batch: 1))
    try withTemporaryDirectory { directory in
      let writer = try ONNXWriter(model, path: "\(directory)/model.onnx")
      #expect(try write(model, in: directory).count == writer.byteCount)
      #expect(writer.externalData == nil)
    }
  }

  @Test func versionsAreChecked() throws {
    let model = StoredModel(graph: try everyOperator(batch: 1))
    func failure(_ options: ONNXWriter.Options) -> String {
      do throws(ScaleNetError) {
        _ = try ONNXWriter(model, path: "out.onnx", options: options)
        return "no error"
      } catch {
        return error.description
      }
    }
    #expect(failure(.init(opset: 10)) == "out.onnx: opset: expected 11 to 25, found 10")
    #expect(
      failure(.init(opset: 17, irVersion: 7))
        == "out.onnx: ir_version: expected 8 to 14 for opset 17, found 7")
    #expect(failure(.init(opset: 17, irVersion: 9)) == "no error")
    let expected = [11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10]
    for (opset, version) in expected {
      #expect(ONNXWriter.Options(opset: opset).effectiveIRVersion == version)
    }
  }

  @Test func weightsThatAreViewsAreWrittenAsTheyRead() throws {
    var graph = Graph(name: "views")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2]))
    let stored = Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5, 6), shape: [3, 2])
    let weight = try graph.addInitializer("w", stored.transposed([1, 0]))
    let bias = try graph.addInitializer(
      "b", Tensor([Float](arrayLiteral: 1, 2, 3), shape: [3]).scaled(byChannel: [2, 3, 4]))
    graph.addOutput(try graph.addNode("y", .gemm(Gemm()), inputs: [x, weight, bias])[0])
    try withTemporaryDirectory { directory in
      let again = try read(try write(StoredModel(graph: graph), in: directory)).graph
      #expect(try again.initializer(again.value(named: "w"))?.floats() == [1, 3, 5, 2, 4, 6])
      #expect(try again.initializer(again.value(named: "b"))?.floats() == [2, 6, 12])
    }
  }

  @Test(arguments: [Dimension.fixed(1), .symbolic("N")], [11, 17, 21])
  func halfPrecisionSurvives(batch: Dimension, opset: Int) throws {
    for halfIO in [false, true] {
      var graph = try everyOperator(batch: batch)
      try graph.apply([ConvertToHalf(halfIO: halfIO)])
      #expect(graph.inputs.map { graph[$0].type.dataType } == [halfIO ? .float16 : .float32])
      #expect(
        graph.outputs.map { graph[$0].type.dataType }
          == (halfIO ? [.float16, .float16, .float16] : [.float64, .float32, .float32]))
      #expect(graph.outputs.map { graph[$0].name } == ["double", "column", "fraction"])
      let inner = graph.values.filter { value in
        !(graph.inputs + graph.outputs).contains { graph[$0].name == value.name }
      }
      #expect(inner.allSatisfy { $0.type.dataType == .float16 })
      try withTemporaryDirectory { directory in
        let again = try read(try write(StoredModel(graph: graph), .init(opset: opset), in: directory)).graph
        try expectEqual(graph, again)
        var twice = again
        #expect(try ConvertToHalf(halfIO: halfIO).run(on: &twice) == false)
      }
    }
  }

  @Test func halfRefusesWhatItCannotHold() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [2]))
    let weight = try graph.addInitializer("big", Tensor([Float](arrayLiteral: 1, 65520), shape: [2]))
    graph.addOutput(try graph.addNode("y", .binary(.mul), inputs: [x, weight])[0])
    #expect(
      throws: ScaleNetError.unreadableInitializer(
        value: "big", error: .overflow(value: 65520, index: 1, target: .float16))
    ) { try graph.apply([ConvertToHalf()]) }
  }

  @Test func softmaxInTheMiddleNeedsOpset13() throws {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 3]))
    graph.addOutput(try graph.addNode("y", .softmax(Softmax(axis: 1)), inputs: [x])[0])
    #expect(throws: ScaleNetError.self) {
      try ONNXWriter(StoredModel(graph: graph), path: "m.onnx", options: .init(opset: 12))
    }
    #expect(throws: Never.self) {
      try ONNXWriter(StoredModel(graph: graph), path: "m.onnx", options: .init(opset: 13))
    }
  }

  @Test func factorsGiveTheSameSizeInFloatAndDouble() throws {
    // float32(14 / 3) is below 14 / 3; numpy.nextafter gives the one above.
    #expect(ResizeOperators.scale(from: 3, to: 14) == 4.666667)
    #expect(Double(Float(14.0 / 3.0)) < 14.0 / 3.0)
    for input in 1...64 {
      for size in 1...64 {
        guard let scale = ResizeOperators.scale(from: input, to: size) else { continue }
        #expect(Int((Double(input) * Double(scale)).rounded(.down)) == size)
        #expect(Int((Float(input) * scale).rounded(.down)) == size)
      }
    }
  }
}
