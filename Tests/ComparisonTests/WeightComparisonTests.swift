import Comparison
import ModelIR
import Testing

/// Rows of `--weights`.
@Suite struct WeightComparisonTests {
  private func rows(_ left: Graph, _ right: Graph) throws -> [DiffReport.Weight] {
    try #require(try Comparing.report(left, right, weights: true).weights)
  }

  @Test func equal() throws {
    let graph = try SmallNetwork().graph
    let report = try Comparing.report(graph, graph.anonymous(), weights: true)
    #expect(report.weights == [])
    // Three weights, a bias, three normalisations of four, and the final layer's two.
    #expect(report.weightsCompared == 3 + 1 + 12 + 2)
  }

  @Test func folded() throws {
    let graph = try SmallNetwork().graph
    let rows = try rows(graph, try graph.after([FoldBatchNormalization()]))
    #expect(rows.allSatisfy { $0.status == .rounded })
    #expect(rows.first { $0.name == "stem.weight" }?.note == "with norm1 folded in")
    #expect(rows.first { $0.name == "branch.weight" }?.note == "with norm2 folded in")
    #expect(!rows.contains { $0.name?.hasPrefix("norm") == true || $0.name?.hasPrefix("fc") == true })
  }

  @Test func differs() throws {
    let graph = try SmallNetwork().graph
    let other = try graph.changing("norm2.bias") { elements, _ in [elements[0] + 1] + elements[1...] }
    let row = try #require(try rows(graph, other).first)
    #expect(row.status == .differs)
    #expect([row.name, row.otherName] == ["norm2.bias", "norm2.bias"])
    #expect(row.note == "1 of 8 elements differ")
    #expect(try rows(graph, other).count == 1)
    let folded = try rows(graph, try other.after([FoldBatchNormalization()]))
    #expect(folded.filter { $0.status == .differs }.map(\.name) == ["branch.bias"])
  }

  @Test func transposedAndPermuted() throws {
    let graph = try SmallNetwork().graph
    let transposed = try graph.changing("fc.weight") { elements, _ in
      (0..<64).map { elements[$0 % 8 * 8 + $0 / 8] }
    }
    #expect(try rows(graph, transposed).map(\.status) == [.transposed])
    let permuted = try graph.changing("last.weight") { elements, _ in
      (0..<64).map { elements[$0 / 8 * 8 + 7 - $0 % 8] }
    }
    #expect(try rows(graph, permuted).map(\.status) == [.permuted])
    #expect(try rows(graph, permuted).first?.note == "along axis 1")
  }

  /// The same product, its weight stored the other way round.
  @Test func layoutIsUndone() throws {
    let graph = try SmallNetwork().graph
    let other = try graph.changing("fc.weight") { elements, _ in
      (0..<64).map { elements[$0 % 8 * 8 + $0 / 8] }
    }.setting("fc", .gemm(Gemm()))
    let report = try Comparing.report(graph, other, weights: true)
    #expect(report.verdict == .match)
    #expect(report.weights == [])
  }

  @Test func half() throws {
    let graph = try SmallNetwork().graph
    let rows = try rows(graph, try graph.after([ConvertToHalf()]))
    #expect(rows.count == 18)
    #expect(
      rows.first { $0.name == "fc.weight" }?.note
        == "64 of 64 elements differ, equal after rounding to float16")
  }
}
