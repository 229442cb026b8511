import Architectures
import FileIO
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite struct CostReportTests {
  /// MACs and parameters of the published networks, counted by fvcore and PyTorch.
  @Test(arguments: [
    ("scalenet50_light", 2_861_475_840, 23_631_912), ("scalenet50", 3_818_372_352, 31_483_618),
    ("scalenet101", 7_511_097_600, 54_792_390), ("scalenet152", 11_211_951_616, 77_220_070),
  ])
  func countsTheReleasedNetworks(name: String, macs: Int, parameters: Int) throws {
    let weights = try Fixtures.shapeOnlyWeights("full/\(name).spec.json")
    let configuration = try ScaleNetConfiguration(recognizing: weights, source: name)
    let graph = try configuration.graph(weights).binding(batch: 1)
    let report = try CostReport(graph)
    #expect(report.totals.macs == macs)
    #expect(report.totals.flops == 2 * macs)
    #expect(report.totals.parameters == parameters)
    #expect(report.layers.reduce(0) { $0 + $1.macs } == macs)

    let blocks = report.blocks(of: graph)
    #expect(blocks.map(\.name) == configuration.blocks.map(\.name))
    #expect(blocks.map(\.channels) == configuration.structure.rows.map(\.channels))
    #expect(blocks.map { $0.featureSize[0] } == configuration.structure.rows.map(\.side))
    #expect(blocks.map(\.stage) == configuration.blocks.map { $0.stage + 1 })
    // Everything but the stem and the final layer belongs to a block.
    let outside = 118_013_952 + 2_048_000
    #expect(blocks.reduce(0) { $0 + $1.macs } == macs - outside)
  }

  @Test func findsBlocksInAFoldedGraph() throws {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet50.spec.json")
    let configuration = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
    var graph = try configuration.graph(weights).binding(batch: 1)
    try graph.apply([FoldBatchNormalization(), EliminateDeadNodes()])
    let blocks = try CostReport(graph).blocks(of: graph)
    #expect(blocks.map(\.channels) == configuration.structure.rows.map(\.channels))
    #expect(blocks[7].resize == ["none", "nearest", "linear", "absent"])
    #expect(blocks[7].kernelSizes == [3, 3, 3, 0])
  }

  @Test func countsActivationsThatAreAliveAtOnce() throws {
    var graph = Graph(name: "chain")
    let x = try graph.addInput("x", TensorType(.float32, [1, 1, 10, 10]))
    let a = try graph.addNode("a", .unary(.relu), inputs: [x])[0]
    let b = try graph.addNode("b", .unary(.relu), inputs: [a])[0]
    let c = try graph.addNode("c", .concat(Concat(axis: 1)), inputs: [a, b])[0]
    graph.setOutputs([c])
    // a, b and c are alive while c is made.
    #expect(try CostReport(graph).totals.peakActivationBytes == (100 + 100 + 200) * 4)
  }

  /// A 1x1 convolution of 2 to 3 channels on 4x5 pixels: 120 MACs; 40 + 6 + 60 elements of 4 bytes move. Flatten
  /// moves none.
  @Test func dividesOperationsByBytesMoved() throws {
    var graph = Graph(name: "conv")
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 4, 5]))
    let w = try graph.addInitializer("w", Tensor([Float](repeating: 0, count: 6), shape: [3, 2, 1, 1]))
    let y = try graph.addNode("y", .conv(Conv(window: Window(1))), inputs: [x, w])[0]
    graph.setOutputs([try graph.addNode("z", .flatten(Flatten()), inputs: [y])[0]])
    let report = try CostReport(graph)
    #expect(report.totals.macs == 120)
    #expect(report.totals.memoryTrafficBytes == 4 * (40 + 6 + 60))
    #expect(report.layers.map(\.memoryTrafficBytes) == [424, 0])
    #expect(report.totals.arithmeticIntensity == 240.0 / 424.0)
  }

  /// Extents that a file can name, though nothing could run them.
  @Test func numbersOutOfRangeAreErrors() throws {
    var graph = Graph(name: "huge")
    let side = 1 << 24
    let x = try graph.addInput("x", TensorType(.float32, [1, 64, .fixed(side), .fixed(side)]))
    let w = try graph.addInitializer(
      "w", Tensor([Float](repeating: 0, count: 64 * 64 * 49), shape: [64, 64, 7, 7]))
    let y = try graph.addNode("y", .conv(Conv(window: Window(7, pad: 3))), inputs: [x, w])[0]
    graph.setOutputs([y])
    #expect(throws: ScaleNetError.self) { try CostReport(graph) }

    var wide = Graph(name: "wide")
    let z = try wide.addInput("z", TensorType(.float32, [1, .fixed(1 << 10), .fixed(side), .fixed(side)]))
    for index in 0..<40 { wide.addOutput(try wide.addNode("r\(index)", .unary(.relu), inputs: [z])[0]) }
    #expect(throws: ScaleNetError.self) { try CostReport(wide) }
  }
}
