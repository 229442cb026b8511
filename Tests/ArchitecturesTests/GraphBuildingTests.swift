import Architectures
import FileIO
import ModelIR
import TestSupport
import Testing

@Suite struct GraphBuildingTests {
  private func graph(_ options: BuildOptions = BuildOptions()) throws -> Graph {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet50.spec.json")
    return try ScaleNetConfiguration(recognizing: weights, source: "w.pth").graph(weights, options: options)
  }

  private func resize(_ graph: Graph, _ name: String) -> Resize? {
    for node in graph.nodes where node.name == name {
      if case .resize(let resize) = node.op { return resize }
    }
    return nil
  }

  @Test func bakesTheResizeModeForTheInputSize() throws {
    let standard = try graph()
    #expect(resize(standard, "layer1.0.upsample2.1")?.mode == .nearest)
    // 14 from 3 and 7 from 3 are not even.
    #expect(resize(standard, "layer3.0.upsample2.2")?.mode == .linear)
    #expect(resize(standard, "layer4.0.upsample2.1")?.mode == .linear)
    let large = try graph(BuildOptions(inputSize: InputSize(height: 256, width: 320)))
    // 16x20 from 4x5 and 8x10 from 4x5 are even.
    #expect(resize(large, "layer3.0.upsample2.2")?.mode == .nearest)
    #expect(resize(large, "layer4.0.upsample2.1")?.mode == .nearest)
    #expect(resize(large, "layer4.0.upsample2.1")?.extent == .sizes([8, 10]))
  }

  @Test func namesAreThoseOfPyTorch() throws {
    let graph = try graph()
    let names = Set(graph.nodes.map(\.name))
    for name in ["conv1", "bn1", "layer1.0.conv2.1", "layer1.0.bn2.3", "layer4.2.conv3", "fc"] {
      #expect(names.contains(name))
    }
    #expect(!names.contains("layer1.2.conv2.2"))
    #expect(graph.value(named: "layer1.0.conv2.1.weight") != nil)
    #expect(graph[graph.outputs[0]].name == "output")
    #expect(graph[graph.outputs[0]].type == TensorType(.float32, [.symbolic("batch"), 1000]))
  }

  @Test func givesFeatureMaps() throws {
    let graph = try graph(BuildOptions(batch: 2, features: true))
    #expect(graph.outputs.map { graph[$0].name } == ["layer1", "layer2", "layer3", "layer4"])
    #expect(
      graph.outputs.map { graph[$0].type.shape } == [
        [2, 256, 56, 56], [2, 512, 28, 28], [2, 1024, 14, 14], [2, 2048, 7, 7],
      ])
    #expect(graph.value(named: "fc.weight") == nil)
  }

  @Test func endsInASoftmax() throws {
    let graph = try graph(BuildOptions(softmax: true, inputName: "image", outputName: "probabilities"))
    #expect(graph.nodes.last?.op == .softmax(Softmax(axis: 1)))
    #expect(graph[graph.outputs[0]].name == "probabilities")
    #expect(graph[graph.inputs[0]].name == "image")
    #expect(throws: ScaleNetError.self) { try self.graph(BuildOptions(features: true, softmax: true)) }
  }

  @Test func foldsEveryNormalisation() throws {
    var graph = try graph()
    let before = graph.nodes.count
    let normalizations = graph.nodes.count { $0.op.name == "BatchNormalization" }
    try graph.apply([FoldBatchNormalization(), EliminateDeadNodes()])
    #expect(graph.nodes.count == before - normalizations)
    #expect(!graph.nodes.contains { $0.op.name == "BatchNormalization" })
    let convolution = graph.nodes.first { $0.name == "layer4.0.conv2.1" }
    #expect(convolution?.absorbed == ["layer4.0.bn2.1"])
    #expect(graph.value(named: "layer4.0.conv2.1.bias") != nil)
    #expect(graph.value(named: "layer4.0.bn2.1.running_mean") == nil)
  }
}
