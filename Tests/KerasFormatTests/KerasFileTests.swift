import FileIO
import HDF5
import ModelIR
import TestSupport
import Testing

@testable import KerasFormat

/// Files that Keras 2 and Keras 3 saved; see fixtures/tools/make_keras.py.
@Suite struct KerasFileTests {
  private static let versions = ["keras2", "keras3"]

  private func graph(_ name: String) throws -> Graph {
    try KerasReader.read(ByteRegion.map(path: Fixtures.path("keras/\(name)"))).graph
  }

  private func operators(_ graph: Graph) -> [String] { graph.nodes.map(\.op.name) }

  private func constants(_ graph: Graph) throws -> [[Float]] {
    try graph.initializers.map { try graph[$0].initializer?.floats() ?? [] }
  }

  @Test(arguments: versions, ["h5", "keras"])
  func readsFunctionalModels(version: String, ending: String) throws {
    let graph = try graph("\(version)/functional.\(ending)")
    #expect(
      Set(operators(graph)) == [
        "Conv", "BatchNormalization", "Relu", "MaxPool", "Clip", "GlobalAveragePool", "Sigmoid", "Mul", "Add",
        "AveragePool", "Resize", "Concat", "Flatten", "Gemm", "Softmax",
      ])
    func node(_ name: String) throws -> Node { try #require(graph.nodes.first { $0.name == name }) }
    // The margins of the layer before are the convolution's.
    #expect(
      try node("stem").op
        == .conv(Conv(window: Window(kernel: [7, 7], strides: [2, 2], pads: [3, 1, 2, 3]))))
    #expect(try node("depth").op == .conv(Conv(window: Window(3, pad: 1), group: 8)))
    let depth = graph[try #require(node("depth").inputs[1])].type
    #expect(depth.shape == [16, 1, 3, 3])
    #expect(try node("relu6").op == .unary(.clip(minimum: 0, maximum: 6)))
    #expect(try node("stem_bn").op == .batchNormalization(BatchNormalization(epsilon: 1e-3)))
    #expect(graph[graph.inputs[0]].type == TensorType(.float32, [.symbolic("batch"), 3, 20, 24]))
    #expect(graph[graph.outputs[0]].type == TensorType(.float32, [.symbolic("batch"), 10]))
  }

  @Test(arguments: versions, ["h5", "keras"])
  func readsSequentialModels(version: String, ending: String) throws {
    let graph = try graph("\(version)/sequential.\(ending)")
    #expect(
      operators(graph) == [
        "Conv", "Relu", "BatchNormalization", "Clip", "Conv", "Flatten", "Gemm", "Reshape", "Conv",
        "GlobalAveragePool", "Flatten", "Gemm", "Softmax",
      ])
  }

  @Test(arguments: versions, ["h5", "keras"])
  func readsSeveralInputsAndOutputs(version: String, ending: String) throws {
    let graph = try graph("\(version)/several.\(ending)")
    #expect(graph.inputs.map { graph[$0].name } == ["a", "b"])
    // Zeros around what can be negative are no margins of a MaxPool.
    #expect(operators(graph) == ["Concat", "Conv", "GlobalAveragePool", "Flatten", "Pad", "MaxPool"])
    #expect(graph.outputs.map { graph[$0].type.rank } == [4, 2])
  }

  /// The two containers hold the same model, and the two versions were given the same weights.
  @Test(arguments: ["functional", "sequential", "several"])
  func allFilesHoldTheSame(name: String) throws {
    let expected = try constants(graph("keras2/\(name).h5"))
    #expect(!expected.isEmpty)
    for other in ["keras2/\(name).keras", "keras3/\(name).h5", "keras3/\(name).keras"] {
      #expect(try constants(graph(other)) == expected, "\(other)")
    }
  }

  /// Keras lists layers in the order in which it loads weights by position.
  @Test(arguments: versions, ["functional", "several"])
  func findsTheOrderOfKeras(version: String, name: String) throws {
    let root = try HDF5File(ByteRegion.map(path: Fixtures.path("keras/\(version)/\(name).h5"))).root()
    let text = try root.attributes().first { $0.name == "model_config" }?.string() ?? ""
    let listed = try root.group("model_weights").attributes().first { $0.name == "layer_names" }?.strings()
    let configuration = try ModelConfiguration(
      Array(text.utf8), version: "2.15.0", place: "model_config", path: "x")
    // The order must not depend on how the layers are numbered: number them from behind.
    let count = configuration.layers.count
    let inputs = configuration.layers.reversed().map { $0.inputs.map { count - 1 - $0 } }
    let order = ModelOrder(inputs: inputs, outputs: configuration.outputs.map { count - 1 - $0.layer })
    #expect(order.layers.map { configuration.layers[count - 1 - $0].name } == listed)
  }

  @Test func refusesWeightsWithoutAModel() throws {
    let file = ByteRegion.copying(try bytes(tinyGraph(), .weights), origin: "tiny.weights.h5")
    #expect {
      try KerasReader.read(file)
    } throws: {
      "\($0)".contains("a file of weights alone is no model")
    }
  }

  @Test func knowsItsFiles() throws {
    for path in ["keras/keras2/several.h5", "keras/keras3/several.keras"] {
      #expect(KerasReader.recognizes(try ByteRegion.map(path: Fixtures.path(path))))
    }
    #expect(!KerasReader.recognizes(try ByteRegion.map(path: Fixtures.path("tiny/tiny.pth"))))
    #expect(!KerasReader.recognizes(.copying([UInt8]())))
  }
}
