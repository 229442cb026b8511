import FileIO
import TestSupport
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// PyTorch's own exports of a scale-aggregation block, with chains of Shape, Slice and Concat around each Resize.
@Suite struct ExportTests {
  @Test(arguments: [11, 13, 17], ["fixed", "dynamic"])
  func readsAsACleanGraph(opset: Int, kind: String) throws {
    let graph = try read(try Fixtures.bytes("onnx/aggregation_\(kind)_opset\(opset).onnx")).graph
    let batch: Dimension = kind == "fixed" ? 2 : .symbolic("batch")
    #expect(
      graph.nodes.map(\.op.name) == [
        "Conv", "Relu", "Conv", "MaxPool", "Conv", "Resize", "BatchNormalization", "MaxPool", "Conv",
        "Resize",
        "BatchNormalization", "Concat", "Relu", "Conv", "Conv", "Add", "Relu", "GlobalAveragePool", "Reshape",
        "Gemm",
      ])
    let resizes = graph.nodes.compactMap { node -> Resize? in
      if case .resize(let resize) = node.op { resize } else { nil }
    }
    #expect(
      resizes == [
        Resize(
          mode: .nearest, coordinateTransformation: .asymmetric, nearestMode: .floor,
          extent: .sizes([14, 14])),
        Resize(
          mode: .linear, coordinateTransformation: resizes[1].coordinateTransformation,
          extent: .sizes([14, 14])),
      ])
    #expect([.halfPixel, .pytorchHalfPixel].contains(resizes[1].coordinateTransformation))
    #expect(graph[graph.inputs[0]].type == TensorType(.float32, [batch, 3, 14, 14]))
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [batch, 5])])
    // Nothing but weights is left: 6 convolutions of which one pair is folded, 2 normalisations, 1 dense layer.
    #expect(graph.initializers.allSatisfy { graph[$0].type.dataType == .float32 })
    try withTemporaryDirectory { directory in
      for target in [11, 13, 17, 21] {
        let bytes = try write(StoredModel(graph: graph), .init(opset: target), in: directory)
        try expectEqual(graph, try read(bytes).graph)
      }
    }
  }

  @Test func openExtentsCanBeSet() throws {
    let bytes = try Fixtures.bytes("onnx/aggregation_dynamic_opset17.onnx")
    let graph = try ONNXReader.read(
      .copying(bytes), path: "m.onnx", options: .init(dimensions: ["batch": 3])
    ).graph
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [3, 5])])
  }

  @Test func isRecognised() throws {
    #expect(ONNXReader.recognizes(.copying(try Fixtures.bytes("onnx/aggregation_fixed_opset17.onnx"))))
    for text in ["", "{\"a\": 1}", "PK\u{3}\u{4}aaaaaaaaaa", "\u{8}", ": abcdefghijk", "\u{80}\u{2}"] {
      #expect(!ONNXReader.recognizes(.copying(Array(text.utf8))), "\(text)")
    }
    #expect(!ONNXReader.recognizes(.copying([0x89, 0x48, 0x44, 0x46] as [UInt8])))
  }
}
