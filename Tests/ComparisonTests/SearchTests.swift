import Comparison
import FileIO
import ModelIR
import Testing

/// What a report says of a search that found no cause, and that the search ends.
@Suite struct SearchTests {
  /// A model against outputs that it cannot give.
  private func report(budget: Double? = nil) throws -> DiffReport {
    let graph = try SmallNetwork().graph
    let recorded = try Comparing.outputs(graph).map { output in
      let elements = try output.tensor.floats().indices.map { Float($0 % 7) - 3 }
      return NamedTensor(name: output.name, tensor: Tensor(elements, shape: output.tensor.shape))
    }
    let (left, right) = (Comparing.side(graph, "model"), Comparing.recording(recorded))
    var comparison = ModelComparison(
      left: left, right: right, batches: [try Comparing.batch(left, right)], engine: Comparing.engine,
      tolerance: .float32)
    if let budget { comparison.searchBudget = budget }
    return try comparison.report()
  }

  @Test func saysWhatWasTried() throws {
    let report = try report()
    let search = try #require(report.search)
    #expect(report.cause == nil)
    #expect(search.isComplete && search.runs > 12 && search.places == 0 && search.changes == 0)
    #expect(Set(search.kinds).isSuperset(of: [.preprocessing, .batchNormEpsilon, .halfPrecision, .padding]))
    #expect(report.explanation.hasSuffix(search.explanation))
    #expect(search.explanation.contains("\(search.runs) changes of a whole side"))
  }

  /// However small the budget, a few runs of the graph are computed, and no more.
  @Test func endsAtItsBudget() throws {
    let all = try #require(try report().search)
    let search = try #require(try report(budget: 0).search)
    #expect(!search.isComplete && search.runs > 0 && search.runs < all.runs)
    #expect(search.explanation.hasSuffix("the search, which is bounded, ended there."))
  }

  @Test func isSilentWhereAllIsExplained() throws {
    let graph = try SmallNetwork().graph
    var faulty = graph
    let index = try #require(graph.nodes.firstIndex { if case .unary(.relu) = $0.op { true } else { false } })
    faulty.nodes[index].op = .unary(.tanh)
    let report = try Comparing.report(graph, faulty)
    #expect(report.cause?.kind == .activation && report.search == nil)
  }
}
