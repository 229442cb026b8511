import Comparison
import Execution
import FoundationEssentials
import Testing

@testable import ModelIR

/// Every kind of fault in every network: all are found, nearly all named, none wrongly; and no sound pair alarms.
@Suite struct FaultTests {
  /// How a comparison of a fault came out.
  struct Outcome {
    var kind: String
    var isFound: Bool
    var isNamed: Bool
    var isWrong: Bool
    var text: String
  }

  private func differs(_ a: Graph, _ b: Graph) throws -> Bool {
    let inputs = try Comparing.inputs(of: a)
    func outputs(_ graph: Graph) throws -> [Float] {
      try Executor<Float>(graph, kernels: Comparing.kernels).run(inputs)[0].tensor.floats()
    }
    let (x, y) = (try outputs(a), try outputs(b))
    return x.count == y.count && Distance(x, y, .exact).relativeError > 1e-4
  }

  private func outcome(_ fault: Fault, _ left: Graph, _ right: Graph, _ way: String) throws -> Outcome {
    let report = try Comparing.report(left, right)
    let cause = report.cause
    let touched = [
      cause?.node, cause?.otherNode, report.firstDivergence?.name, report.firstDivergence?.otherName,
    ].compactMap { $0 }
    let explanation = cause?.explanation ?? "nothing"
    // What only one of both has, and where it was folded into.
    let names = [left, right].map { Set($0.nodes.map(\.name)) }
    var places = names[0].symmetricDifference(names[1]).union([fault.node])
    for graph in [left, right] {
      for node in graph.nodes where node.absorbed.contains(fault.node) { places.insert(node.name) }
    }
    let isFound =
      report.verdict == .differ
      && (touched.contains { places.contains($0) || $0.hasPrefix(fault.node) } || way.contains("anonymous"))
    // What one side lacks, the other has in addition.
    var expected = fault.names
    if !expected.isDisjoint(with: [.missingNode, .addedNode]) {
      expected.formUnion([.missingNode, .addedNode])
    }
    let isNamed = cause.map { expected.contains($0.kind) && $0.confirmed } ?? false
    return Outcome(
      kind: fault.kind, isFound: isFound, isNamed: isFound && isNamed,
      isWrong: cause != nil && !isNamed,
      text:
        "\(way) \(fault.kind) at \(fault.node): \(cause.map { $0.kind.rawValue } ?? "-") \(touched) \(explanation)"
    )
  }

  @Test(arguments: FaultNetworks.names)
  func findsAndNames(network: String) throws {
    let sound = try FaultNetworks.graph(network)
    var outcomes: [Outcome] = []
    var generator = FaultGenerator(sound)
    // The largest of these networks takes a second for each.
    let isLarge = network == "scalenet"
    if isLarge { generator.places = 1 }
    for fault in generator.all() {
      guard try differs(sound, fault.graph) else { continue }
      outcomes.append(try outcome(fault, sound, fault.graph, "\(network) there"))
      if isLarge { continue }
      outcomes.append(try outcome(fault, fault.graph, sound, "\(network) back"))
      outcomes.append(try outcome(fault, sound, fault.graph.anonymous(), "\(network) anonymous"))
      if let folded = try? fault.graph.after([FoldBatchNormalization()]),
        folded.nodes.count < fault.graph.nodes.count
      {
        outcomes.append(try outcome(fault, sound, folded, "\(network) folded"))
      }
    }
    if let path = ProcessInfo.processInfo.environment["FAULT_TABLE"] {
      var text = ""
      for kind in Set(outcomes.map(\.kind)).sorted() {
        let own = outcomes.filter { $0.kind == kind }
        text +=
          "\(network)\t\(kind)\t\(own.count)\t\(own.count { $0.isFound })\t\(own.count { $0.isNamed })\t\(own.count { $0.isWrong })\n"
      }
      for outcome in outcomes where !outcome.isNamed { text += "# \(outcome.text)\n" }
      try Data(text.utf8).write(to: URL(filePath: "\(path)/\(network).tsv"))
    }
    #expect(outcomes.count > 30)
    for outcome in outcomes where !outcome.isFound { Issue.record("not found: \(outcome.text)") }
    for outcome in outcomes where outcome.isWrong { Issue.record("wrong: \(outcome.text)") }
    let named = outcomes.count { $0.isNamed }
    #expect(Double(named) >= 0.95 * Double(outcomes.count), "\(named) of \(outcomes.count)")
  }
}

/// Two faults at once are both named, in the order of running.
@Suite struct TwoFaultTests {
  private func areNeighbours(_ a: String, _ b: String, in graph: Graph) -> Bool {
    guard let x = graph.nodes.first(where: { $0.name == a }),
      let y = graph.nodes.first(where: { $0.name == b })
    else { return false }
    return y.inputs.contains(x.outputs[0]) || x.inputs.contains(y.outputs[0])
  }

  @Test(arguments: ["basic_gated", "mobile", "dense", "inception"])
  func namesBoth(network: String) throws {
    let sound = try FaultNetworks.graph(network)
    let firsts = ["Relu to LeakyRelu", "different weights", "activation left out", "margins", "epsilon"]
    let seconds = ["int8 for the tensor", "bias left out", "pool kind", "clip bound", "sigmoid at the end"]
    var count = 0
    var named = 0
    for first in FaultGenerator(sound).all() where firsts.contains(first.kind) {
      for second in FaultGenerator(first.graph).all() where seconds.contains(second.kind) {
        // Side by side they are one exchange of nodes.
        guard second.node != first.node, !areNeighbours(first.node, second.node, in: sound) else { continue }
        let report = try Comparing.report(sound, second.graph)
        let kinds = ([report.cause].compactMap { $0 } + report.otherCauses).map(\.kind)
        #expect(
          kinds.allSatisfy { first.names.union(second.names).contains($0) },
          "\(first.kind), \(second.kind): \(kinds)")
        count += 1
        if !first.names.isDisjoint(with: kinds) && !second.names.isDisjoint(with: kinds) { named += 1 }
      }
    }
    #expect(count > 5)
    #expect(Double(named) >= 0.95 * Double(count), "\(named) of \(count)")
  }
}

/// The same network written otherwise is told as the same.
@Suite struct HonestPairTests {
  @Test(arguments: FaultNetworks.names)
  func raisesNoFalseAlarm(network: String) throws {
    let sound = try FaultNetworks.graph(network)
    let folded = try sound.after([FoldBatchNormalization(), EliminateDeadNodes()])
    var pairs = [(sound, sound.anonymous()), (sound, folded), (folded, sound), (sound, folded.anonymous())]
    pairs.append((sound, try Self.withIdentities(sound)))
    pairs.append((folded, try Self.withIdentities(sound)))
    for (left, right) in pairs {
      let report = try Comparing.report(left, right, layers: true)
      #expect(report.verdict == .match)
      #expect(report.kind != .real)
      #expect(report.cause == nil, "\(String(describing: report.cause))")
      #expect(report.firstDivergence == nil)
    }
    let half = try folded.after([ConvertToHalf()])
    let wide = try Comparing.report(sound, half, tolerance: .float16)
    #expect(wide.verdict == .match || network == "grouped_gated_linear")
    #expect(wide.cause.map { $0.kind == .halfPrecision } ?? true, "\(String(describing: wide.cause))")
  }

  /// An Identity behind every convolution and normalisation.
  private static func withIdentities(_ graph: Graph) throws -> Graph {
    var graph = graph
    for index in graph.nodes.indices.reversed() {
      switch graph.nodes[index].op {
      case .conv, .batchNormalization: break
      default: continue
      }
      let output = graph.nodes[index].outputs[0]
      let made = try graph.addNode(
        "\(graph.nodes[index].name).same", .identity(Identity()), inputs: [output])[0]
      var node = graph.nodes.removeLast()
      graph.replaceUses(of: output, with: made)
      node.inputs = [output]
      graph.nodes.insert(node, at: index + 1)
    }
    try graph.validate()
    return graph
  }
}
