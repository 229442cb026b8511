import FileIO
import Inspection
import ModelIR
import Testing

/// What is said of tensors that stand for themselves. Expected numbers are by hand.
@Suite struct TensorReportTests {
  private func report(_ entries: [(String, Tensor)], readsElements: Bool = true) throws -> TensorReport {
    var weights = StateDict()
    for (name, tensor) in entries { weights.append(name, tensor) }
    weights.facts = ["epoch": "3"]
    return try TensorReport(
      weights, format: "pytorch", path: "w.pth", architecture: "no known architecture", reason: "no names",
      notes: [],
      readsElements: readsElements)
  }

  @Test func statistics() throws {
    let tensor = Tensor([1, .nan, -2, .infinity, 4] as [Float], shape: [5])
    let integers = Tensor([-3, 5] as [Int64], shape: [2])
    let nothing = Tensor([.nan, -.infinity] as [Float], shape: [2])
    let report = try report([
      ("a", tensor), ("b", integers), ("c", nothing), ("d", Tensor([] as [Float], shape: [0])),
    ])
    let found = report.tensors.map(\.statistics)
    #expect(
      found[0]?.minimum == -2 && found[0]?.maximum == 4 && found[0]?.mean == 1 && found[0]?.notFinite == 2)
    #expect(
      found[1]?.minimum == -3 && found[1]?.maximum == 5 && found[1]?.mean == 1 && found[1]?.notFinite == 0)
    #expect(found[2]?.minimum == nil && found[2]?.mean == nil && found[2]?.notFinite == 2)
    #expect(found[3]?.minimum == nil && found[3]?.notFinite == 0)
    #expect(report.facts == ["epoch": "3"])
    // More elements than are read at a time.
    let long = Tensor((0..<100_000).map { Float($0) }, shape: [100_000])
    let sums = try self.report([("long", long)]).tensors[0].statistics
    #expect(sums?.minimum == 0 && sums?.maximum == 99_999 && sums?.mean == 49_999.5)
  }

  @Test func modulesAreSummed() throws {
    let one = Tensor([1] as [Float], shape: [1])
    let shared = Tensor([1, 2] as [Float], shape: [2])
    let report = try report(
      [
        ("b.x.weight", shared), ("a.weight", one), ("b.y.weight", shared),
        ("b.x.running_mean", one.cast(to: .float64)),
        ("top", Tensor([7] as [Int64], shape: [])),
      ], readsElements: false)
    #expect(report.modules.map(\.name) == ["", "b", "b.x", "b.y", "a"])
    #expect(report.modules.map(\.depth) == [0, 1, 2, 2, 1])
    #expect(report.modules.map(\.tensors) == [5, 3, 2, 1, 1])
    // What two names share is counted with the first.
    #expect(report.modules.map(\.parameters) == [3, 2, 2, 0, 1])
    #expect(report.modules.map(\.buffers) == [2, 1, 1, 0, 0])
    #expect(report.totals.bytes == 8 + 4 + 8 + 8)
    #expect(report.tensors.allSatisfy { $0.statistics == nil })
    #expect(report.notes.count == 1 && report.notes[0].hasPrefix("1 tensor is another under a second name"))
  }
}
