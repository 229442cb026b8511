import Comparison
import Execution
import FileIO
import ModelIR
import NumPyFormat
import TestSupport
import Testing

/// Recorded outputs that were told apart wrongly once (`fixtures/diff`).
@Suite struct CaseTests {
  private func recording(_ name: String) throws -> Side {
    let file = try ByteRegion.map(path: Fixtures.path("diff/\(name)"))
    guard name.hasSuffix(".npz") else {
      return Comparing.recording([NamedTensor(name: "y", tensor: try NumPyReader.array(file))])
    }
    return Comparing.recording(
      try NumPyReader.archive(file).entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) })
  }

  private func report(
    _ left: String, _ right: String, _ tolerance: Tolerance = .float32
  ) throws -> DiffReport {
    try Comparing.report(try recording(left), try recording(right), tolerance: tolerance)
  }

  /// 2^53 + 1 and 2^53 are the same in Double.
  @Test func largeIntegersDiffer() throws {
    #expect(try report("big.npy", "big2.npy", .exact).verdict == .differ)
    #expect(try report("big.npy", "big.npy", .exact).kind == .identical)
  }

  @Test func classesDiffer() throws {
    let report = try report("idx.npy", "idx2.npy", .float16)
    #expect(report.verdict == .differ)
    #expect(report.outputs.first?.metrics.mismatchedCount == 1)
    let given = Tolerance(name: "given", absolute: 3, relative: 0)
    #expect(try self.report("idx.npy", "idx2.npy", given).verdict == .match)
  }

  /// The infinity stands in the same place: nothing is permuted.
  @Test func infinityIsNoPermutation() throws {
    let report = try report("p1.npy", "p2.npy")
    #expect(report.verdict == .differ)
    #expect(report.cause == nil)
    #expect(report.outputs.first?.metrics.mismatchedCount == 1)
    #expect(report.outputs.first?.metrics.nonFiniteCount == 1)
  }

  /// `x1` is the partner of `x1`, and `x.1` finds its values under another name, which is said.
  @Test func exactNamesComeFirst() throws {
    let report = try report("nl.npz", "nr.npz")
    #expect(report.verdict == .match)
    #expect(report.outputs.map { [$0.name, $0.otherName] } == [["x.1", "y"], ["x1", "x1"]])
    #expect(report.notes.contains { $0.contains("x.1") && $0.contains("same values") })
  }

  /// Of an output that is NaN on both sides nothing is proved.
  @Test func nothingIsProved() throws {
    func side(_ elements: [Float]) -> Side {
      Comparing.recording([NamedTensor(name: "y", tensor: Tensor(elements, shape: [elements.count]))])
    }
    let all = try Comparing.report(side([.nan, .nan]), side([.nan, .nan]))
    #expect(all.verdict == .differ)
    #expect(all.explanation.hasPrefix("Nothing is proved"))
    let some = try Comparing.report(side([.nan, 1]), side([.nan, 1]))
    #expect(some.verdict == .match)
    #expect(some.kind != .identical)
    #expect(some.notes.contains { $0.contains("1 of 2 elements of output y is NaN") })
  }

  @Test(arguments: [(true, false), (false, true), (true, true)])
  func zerosAreSaid(left: Bool, right: Bool) throws {
    func side(_ isZero: Bool) -> Side {
      let elements: [Float] = isZero ? [0, 0, 0] : [1, 2, 3]
      return Comparing.recording([NamedTensor(name: "y", tensor: Tensor(elements, shape: [1, 3]))])
    }
    let report = try Comparing.report(side(left), side(right))
    let expected = left && right ? "on both sides" : left ? "on the left: every" : "on the right: relative"
    #expect(report.notes.count { $0.contains("output y is all zeros \(expected)") } == 1, "\(report.notes)")
    // Nothing can be changed of what was recorded.
    #expect(report.search == nil && report.cause == nil)
  }

  /// Equal outputs under other names and in another order are no softmax of each other.
  @Test func orderIsNoCause() throws {
    let (a, b): ([Float], [Float]) = ([1, 2, 3], [0.09003057, 0.24472847, 0.66524096])
    func side(_ outputs: [(String, [Float])]) -> Side {
      Comparing.recording(
        outputs.map { NamedTensor(name: $0.0, tensor: Tensor($0.1, shape: [1, 3])) })
    }
    let report = try Comparing.report(side([("a", a), ("b", b)]), side([("p", b), ("q", a)]))
    #expect(report.verdict == .match)
    #expect(report.cause == nil)
  }
}
