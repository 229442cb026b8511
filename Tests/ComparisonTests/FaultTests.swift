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
    for fault in FaultGenerator(sound).all() {
      guard try differs(sound, fault.graph) else { continue }
      outcomes.append(try outcome(fault, sound, fault.graph, "\(network) there"))
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
    #expect(outcomes.count > 40)
    for outcome in outcomes where !outcome.isFound { Issue.record("not found: \(outcome.text)") }
    for outcome in outcomes where outcome.isWrong { Issue.record("wrong: \(outcome.text)") }
    let named = outcomes.count { $0.isNamed }
    #expect(Double(named) >= 0.95 * Double(outcomes.count), "\(named) of \(outcomes.count)")
  }
}
