import Architectures
import Comparison
import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Which values line up.
@Suite struct AlignmentTests {
  private static func tiny(_ side: Int = 224) throws -> Graph {
    let weights = try PyTorchReader.read(try ByteRegion.map(path: Fixtures.path("tiny/tiny.pth")))
    let options = BuildOptions(inputSize: InputSize(height: side, width: side), batch: .fixed(1))
    return try ScaleNetConfiguration(recognizing: weights, source: "tiny.pth").graph(
      weights, options: options)
  }

  /// `n12` is the left's node 12 under a name that says nothing.
  private func expectOwnPlaces(_ report: DiffReport, _ graph: Graph) throws {
    for layer in report.layers {
      let index = try graph.index(layer.name)
      #expect(layer.otherName == "n\(index)", "\(layer.name)")
    }
  }

  @Test func byName() throws {
    let graph = try Self.tiny()
    let report = try Comparing.report(graph, graph, layers: true)
    #expect(report.layers.count == graph.nodes.count)
    #expect(report.layers.allSatisfy { $0.alignment == .name && $0.name == $0.otherName })
    #expect(report.layers.map(\.name) == graph.nodes.map(\.name))
    #expect(report.kind == .identical)
    #expect(report.unmatched == DiffReport.Unmatched(left: [], right: []))
  }

  @Test func byContent() throws {
    let graph = try Self.tiny()
    let report = try Comparing.report(graph, graph.anonymous(), layers: true)
    #expect(report.layers.count == graph.nodes.count)
    #expect(report.layers.allSatisfy { $0.alignment == .content })
    try expectOwnPlaces(report, graph)
  }

  /// A folded graph lines up, and what was folded is said.
  @Test func folded() throws {
    let graph = try Self.tiny()
    let folded = try graph.after([FoldBatchNormalization(), EliminateDeadNodes()])
    for other in [folded, folded.anonymous()] {
      let report = try Comparing.report(graph, other, layers: true)
      #expect(report.verdict == .match)
      #expect(report.kind == .rounding)
      #expect(report.layers.allSatisfy { $0.isWithinTolerance })
      let unmatched = try #require(report.unmatched)
      // Convolutions before a resize have no counterpart: the other side's are scaled already.
      #expect(unmatched.right.allSatisfy { $0.op == "Conv" })
      #expect(unmatched.left.allSatisfy { $0.reason != "no value of this content" })
      #expect(unmatched.left.contains { $0.name == "bn1" && $0.reason.hasPrefix("folded into ") })
      #expect(report.layers.contains { $0.name == "conv1" && $0.op == "Conv" && $0.otherOp == "Conv" })
    }
  }

  /// Past the fault the alignment goes on by structure, and errors are shown.
  @Test func beyondTheDivergence() throws {
    let graph = try Self.tiny()
    let other = try graph.changing("layer2.0.conv1.weight") { elements, _ in elements.map { -$0 } }
      .anonymous()
    let report = try Comparing.report(graph, other, layers: true)
    #expect(report.layers.count == graph.nodes.count)
    try expectOwnPlaces(report, graph)
    let first = try #require(report.layers.firstIndex { !$0.isWithinTolerance })
    #expect(report.layers[first].name == "layer2.0.conv1")
    #expect(report.firstDivergence?.name == "layer2.0.conv1")
    #expect(report.firstDivergence?.depth == first)
    #expect(report.layers[first...].contains { $0.alignment == .structure })
    #expect(report.cause?.kind == .differentWeights)
  }

  /// Names that agree by chance are not believed where contents say otherwise.
  @Test func misleadingNames() throws {
    let graph = try Self.tiny()
    var other = graph
    let (a, b) = (try graph.index("layer1.0.bn1"), try graph.index("layer1.1.bn1"))
    let (x, y) = (other.nodes[a].outputs[0], other.nodes[b].outputs[0])
    for (index, name) in [(a, "swapped.0"), (b, "layer1.0.bn1"), (a, "layer1.1.bn1")] {
      other.nodes[index].name = name
      other[index == a ? x : y].name = name
    }
    let report = try Comparing.report(graph, other, layers: true)
    #expect(report.layers.first { $0.name == "layer1.0.bn1" }?.otherName == "layer1.1.bn1")
    #expect(report.verdict == .match)
  }

  /// Little memory means more runs, not other results.
  @Test func budget() throws {
    let graph = try Self.tiny()
    let folded = try graph.after([FoldBatchNormalization()])
    let (left, right) = (Comparing.side(graph, "left"), Comparing.side(folded, "right"))
    var comparison = ModelComparison(
      left: left, right: right, batches: [try Comparing.batch(left, right)], engine: Comparing.engine,
      tolerance: .float32)
    comparison.wantsLayers = true
    let whole = try comparison.report()
    comparison.valueBudget = 300_000
    #expect(try comparison.report() == whole)
  }

  /// Values that one side makes early and the other late wait for each other, or are computed again.
  @Test func budgetOfOtherOrders() throws {
    let graph = try Self.tiny()
    var other = graph
    // Branches in the other order: of what is ready, the last comes first.
    var waiting = Array(graph.nodes.indices)
    var made = Set(graph.valueIDs.filter { graph[$0].initializer != nil } + graph.inputs)
    other.nodes = []
    while let last = waiting.lastIndex(where: {
      graph.nodes[$0].inputs.allSatisfy { $0.map(made.contains) ?? true }
    }) {
      let node = graph.nodes[waiting.remove(at: last)]
      made.formUnion(node.outputs)
      other.nodes.append(node)
    }
    try #require(waiting.isEmpty && other.nodes.map(\.name) != graph.nodes.map(\.name))
    let (left, right) = (Comparing.side(graph, "left"), Comparing.side(other, "right"))
    var comparison = ModelComparison(
      left: left, right: right, batches: [try Comparing.batch(left, right)], engine: Comparing.engine,
      tolerance: .float32)
    comparison.wantsLayers = true
    let whole = try comparison.report()
    #expect(whole.layers.count == graph.nodes.count)
    #expect(whole.layers.allSatisfy { $0.relativeError == 0 && $0.name == $0.otherName })
    for budget in [0, 300_000] {
      comparison.valueBudget = budget
      #expect(try comparison.report() == whole)
    }
  }

  /// Fresh weights make a normalisation nearly the identity: contents alone can't tell it from its input.
  @Test(arguments: ["scalenet50-light", "resnet18", "seresnet50", "resnext50-32x4d", "seresnext50-32x4d"])
  func raisesNoFalseAlarm(name: String) throws {
    let builtIn = try #require(BuiltInArchitecture(name: name))
    let architecture = builtIn.architecture(classes: 10)
    let side = max(64, architecture.leastInputSide)
    let options = BuildOptions(inputSize: InputSize(height: side, width: side), batch: .fixed(1))
    let graph = try architecture.graph(architecture.initialWeights(seed: 2), options: options)
    let folded = try graph.after([FoldBatchNormalization(), EliminateDeadNodes()])
    for other in [folded, folded.anonymous()] {
      let report = try Comparing.report(graph, other, layers: true, weights: true)
      #expect(report.verdict == .match)
      #expect(report.kind == .rounding)
      #expect(report.cause == nil)
      #expect(report.firstDivergence == nil)
      #expect(report.layers.allSatisfy { $0.isWithinTolerance })
      #expect(report.weights?.allSatisfy { $0.status == .rounded } == true)
      let folds = graph.nodes.count { if case .batchNormalization = $0.op { true } else { false } }
      #expect(report.layers.count + folds >= graph.nodes.count - folds)
    }
    let half = try graph.after([FoldBatchNormalization(), ConvertToHalf()])
    #expect(try Comparing.report(graph, half, tolerance: .float16).verdict == .match)
    let report = try Comparing.report(graph, half)
    #expect(report.verdict == .differ)
    #expect(report.cause?.kind == .halfPrecision)
  }
}
