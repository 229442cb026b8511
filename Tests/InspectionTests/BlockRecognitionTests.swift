import Architectures
import FileIO
import FoundationEssentials
import Inspection
import ModelIR
import ONNXFormat
import TestSupport
import Testing

/// Blocks in files that PyTorch's exporter wrote (`fixtures/blocks`), where no name is ours.
@Suite struct BlockRecognitionTests {
  struct Expectation: Sendable {
    var file: String
    var kind: BlockKind
    var expansion: Int
    var groups = 1
    /// By how much the gate narrows.
    var reduction: Int?
  }

  static func graph(_ file: String) throws -> Graph {
    let path = Fixtures.path("blocks/\(file).onnx")
    return try ONNXReader.read(try ByteRegion.map(path: path), path: path).graph.binding(batch: 1)
  }

  @Test(
    arguments: [
      Expectation(file: "basic", kind: .basic, expansion: 1),
      Expectation(file: "basic_gated", kind: .basic, expansion: 1, reduction: 4),
      Expectation(file: "bottleneck", kind: .bottleneck, expansion: 2),
      Expectation(file: "grouped", kind: .bottleneck, expansion: 2, groups: 4),
      Expectation(file: "gated_convolution", kind: .bottleneck, expansion: 2, reduction: 4),
      Expectation(file: "grouped_gated_linear", kind: .bottleneck, expansion: 2, groups: 4, reduction: 4),
    ], [false, true])
  func recognisesResidualBlocks(_ expected: Expectation, isFolded: Bool) throws {
    let graph = try Self.graph(isFolded ? expected.file : "\(expected.file).unfolded")
    let blocks = try CostReport(graph).blocks(of: graph)
    #expect(blocks.map(\.name) == ["layer1.0", "layer1.1", "layer2.0", "layer2.1"])
    #expect(blocks.map(\.stage) == [1, 1, 2, 2])
    #expect(blocks.map(\.featureSize) == [[8, 8], [8, 8], [4, 4], [4, 4]])
    #expect(blocks.allSatisfy { $0.kind == expected.kind && $0.groups == expected.groups })
    #expect(blocks.map(\.channels) == [8, 8, 16, 16].map { [$0, 0, 0, 0] })
    #expect(blocks.allSatisfy { $0.kernelSizes == [3, 0, 0, 0] })
    #expect(blocks.allSatisfy { $0.resize == ["none", "absent", "absent", "absent"] })
    let outputs = [8, 8, 16, 16].map { $0 * expected.expansion }
    #expect(blocks.map(\.outputChannels) == outputs)
    #expect(blocks.map(\.squeezeChannels) == outputs.map { width in expected.reduction.map { width / $0 } })
    #expect(blocks.allSatisfy { $0.squeezeReduction == expected.reduction.map(Double.init) })

    let counted = try JSONDecoder().decode(
      [String: [String: Int]].self, from: Data(try Fixtures.bytes("blocks/macs.json")))
    let macs = try #require(counted[expected.file])
    #expect(blocks.map(\.macs) == blocks.map { macs[$0.name] })
  }

  @Test(arguments: ["inverted", "inverted.unfolded"])
  func otherSkipConnectionsAreNoBlocks(file: String) throws {
    let graph = try Self.graph(file)
    #expect(try CostReport(graph).blocks(of: graph).isEmpty)
    #expect(BlockGraph(representing: graph) == nil)
  }

  /// Names of torchvision's and timm's weights, among them those with other places for the gate and for the stride.
  static let baselines = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
    "seresnet50", "seresnet101", "seresnet152", "seresnext50_32x4d", "legacy_seresnet18", "legacy_seresnet50",
    "legacy_seresnet101", "legacy_seresnet152", "legacy_seresnext50_32x4d",
  ]

  @Test(arguments: baselines, [false, true])
  func recognisesEveryBlockOfTheBaselines(name: String, isFolded: Bool) throws {
    let weights = try Fixtures.shapeOnlyWeights("baselines/\(name).spec.json")
    var graph = try Architecture.recognize(weights, source: name).graph(weights).binding(batch: 1)
    if isFolded { try graph.apply([FoldBatchNormalization(), EliminateDeadNodes()]) }
    let blocks = try CostReport(graph).blocks(of: graph)
    // What the papers and the weights' shapes say.
    let isBasic = name.hasSuffix("18") || name.hasSuffix("34")
    let depths =
      name.hasSuffix("18")
      ? [2, 2, 2, 2]
      : name.contains("101") ? [3, 4, 23, 3] : name.contains("152") ? [3, 8, 36, 3] : [3, 4, 6, 3]
    let stages = depths.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    let width = name.contains("32x8d") ? 256 : name.contains("32x4d") ? 128 : 64
    #expect(blocks.map(\.stage) == stages.map { $0 + 1 })
    #expect(blocks.map(\.featureSize) == stages.map { [56 >> $0, 56 >> $0] })
    #expect(blocks.map(\.channels) == stages.map { [width << $0, 0, 0, 0] })
    #expect(blocks.map(\.outputChannels) == stages.map { (isBasic ? 64 : 256) << $0 })
    #expect(blocks.allSatisfy { $0.kind == (isBasic ? .basic : .bottleneck) })
    #expect(blocks.allSatisfy { $0.groups == (name.contains("32x") ? 32 : 1) })
    #expect(blocks.allSatisfy { $0.squeezeReduction == (name.contains("seres") ? 16 : nil) })
    #expect(blocks.map(\.name).prefix(2) == ["layer1.0", "layer1.1"])
  }

  @Test func recognisesScaleAggregationInPyTorchsExport() throws {
    let graph = try Self.graph("scalenet_tiny")
    let blocks = try CostReport(graph).blocks(of: graph)
    let structure = try JSONDecoder().decode(
      [[Int]].self, from: Data(try Fixtures.bytes("tiny/structure.json")))
    #expect(blocks.allSatisfy { $0.kind == .scaleAggregation && $0.groups == 1 && $0.squeezeChannels == nil })
    #expect(blocks.map { $0.channels + [$0.featureSize[0]] } == structure)
    #expect(blocks.map(\.outputChannels) == [16, 16, 32, 64, 64, 128])
    #expect(blocks.map(\.name) == ["layer1.0", "layer1.1", "layer2.0", "layer3.0", "layer3.1", "layer4.0"])
  }

  /// Names play no part: with every name replaced, only the blocks' names change.
  @Test func namesDoNotMatter() throws {
    var graph = try Self.graph("grouped_gated_linear")
    let named = try CostReport(graph).blocks(of: graph)
    for index in graph.nodes.indices { graph.nodes[index].name = "layer3_1_n\(index)" }
    #expect(try CostReport(graph).blocks(of: graph).allSatisfy { $0.name == "layer3.1" })
    for index in graph.nodes.indices { graph.nodes[index].name = "n\(index).layer1.x" }
    let blocks = try CostReport(graph).blocks(of: graph)
    #expect(blocks.map(\.name) == ["block 0", "block 1", "block 2", "block 3"])
    #expect(blocks.map(\.channels) == named.map(\.channels))
    #expect(blocks.map(\.squeezeChannels) == named.map(\.squeezeChannels))
  }

  /// The graph for a drawing: every node's inputs stand before it, and the block with all four scales is taken.
  @Test func givesTheGraphOfOneBlock() throws {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet50.spec.json")
    let configuration = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
    let block = try #require(
      BlockGraph(representing: try configuration.graph(weights).binding(batch: 1)))
    #expect(block.name == "layer1.0")
    #expect(block.inputShape == [1, 64, 56, 56])
    #expect(block.nodes.last?.outputShape == [1, 256, 56, 56])
    for (index, node) in block.nodes.enumerated() {
      #expect(!node.inputs.isEmpty && node.inputs.allSatisfy { (-1..<index).contains($0) })
    }
    let concat = try #require(block.nodes.first { $0.op == "Concat" })
    #expect(concat.inputs.count == 4)
    #expect(block.nodes.filter { $0.op == "Resize" }.map(\.detail) == ["nearest", "nearest", "nearest"])
    #expect(block.nodes.filter { $0.op == "MaxPool" }.map(\.detail) == ["2x2 / 2", "4x4 / 4", "7x7 / 7"])
  }

  /// The search behind an Add ends: a chain of 10,000 Relus and Adds is no block and takes no quadratic time.
  @Test func survivesLongChains() throws {
    var graph = Graph(name: "chain")
    let input = try graph.addInput("x", TensorType(.float32, [1, 1, 2, 2]))
    var x = input
    for index in 0..<10_000 {
      let y = try graph.addNode("r\(index)", .unary(.relu), inputs: [x])[0]
      x = try graph.addNode("a\(index)", .binary(.add), inputs: [y, input])[0]
    }
    graph.setOutputs([x])
    #expect(try CostReport(graph).blocks(of: graph).isEmpty)
  }
}
