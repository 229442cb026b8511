import Comparison
import Execution
import ModelIR
import Testing

/// Metrics of recorded arrays against numpy's.
@Suite struct MetricsTests {
  private static let left: [Float] = [
    2.040919065475464, -2.5556650161743164, 0.4180988371372223, -0.5677695870399475, -0.4526492953300476,
    -0.21559716761112213, -2.019986152648926, -0.2319323718547821, -0.8652130961418152, 3.3229994773864746,
    0.22578661143779755, -0.3526307940483093, -0.28128743171691895, -0.6680463552474976, -1.0551505088806152,
    -0.39096781611442566, 0.4819453954696655, -0.23855361342430115, 0.9577587246894836, -0.19980213046073914,
    0.02425956539809704, 1.5458208322525024, 0.545105516910553, -0.5052287578582764,
  ]
  private static let right: [Float] = [
    0.0, -2.5556108951568604, 0.4182923436164856, -0.567796528339386, -0.45267364382743835,
    -0.2154969424009323, -2.0200748443603516, -0.23196154832839966, -0.8652130961418152, 3.3230574131011963,
    0.22579576075077057, -0.3525637984275818, -0.2815702557563782, -0.6679442524909973, -1.0552464723587036,
    -0.39096784591674805, 0.4819730520248413, -0.23848356306552887, 0.9577142596244812, -0.1999097764492035,
    0.02426217868924141, 1.5458155870437622, 0.5452460646629333, -0.505154013633728,
  ]

  private func output(
    _ left: [Float], _ right: [Float], shape: TensorShape, tolerance: Tolerance = .float32
  ) throws -> DiffReport.Output {
    func recording(_ elements: [Float]) -> Side {
      Comparing.recording([NamedTensor(name: "y", tensor: Tensor(elements, shape: shape))])
    }
    let report = try Comparing.report(recording(left), recording(right), tolerance: tolerance)
    return try #require(report.outputs.first)
  }

  @Test func agreesWithNumpy() throws {
    let metrics = try output(Self.left, Self.right, shape: [4, 6]).metrics
    func isClose(_ found: Double?, _ expected: Double) -> Bool {
      found.map { abs($0 - expected) <= 1e-12 * abs(expected) } ?? false
    }
    #expect(metrics.elementCount == 24)
    #expect(metrics.mismatchedCount == 8)
    #expect(isClose(metrics.maxAbsoluteError, 2.040919065475464))
    #expect(isClose(metrics.meanAbsoluteError, 0.08510516855555277))
    #expect(isClose(metrics.maxRelativeError, 0.0010044528272330554))
    #expect(isClose(metrics.meanRelativeError, 0.00018125916703014508))
    #expect(isClose(metrics.rmse, 0.4166008703603418))
    #expect(isClose(metrics.cosineSimilarity, 0.9358197185858955))
    #expect(isClose(metrics.psnr, 18.036353435885882))
    #expect(metrics.largestMagnitude == 3.3230574131011963)
    #expect(metrics.worst == TensorMetrics.Worst(index: [0, 0], left: 2.040919065475464, right: 0))
    #expect(metrics.ulp.max == 1_073_913_451)
    // 12 of 24 are at most 928, 22 at most 7224, all but the last at most 9490.
    #expect([metrics.ulp.median, metrics.ulp.p90, metrics.ulp.p99] == [1024, 8192, 1_073_913_451])
    let counts = metrics.ulp.histogram.map(\.count)
    #expect(counts == [1, 1, 0, 0, 0, 0, 0, 1, 0, 2, 2, 5, 4, 2, 4, 1, 0, 0, 0, 0, 0, 0, 1])
    #expect(metrics.ulp.histogram.last?.upTo == nil)
  }

  @Test func notFinite() throws {
    let same = try output([.nan, .infinity, 1, -.infinity], [.nan, .infinity, 1, -.infinity], shape: [4])
    #expect(same.isWithinTolerance)
    #expect(same.metrics.maxAbsoluteError == 0)
    let other = try output([.nan, 2, 1, .infinity], [1, 2, 1, -.infinity], shape: [4])
    #expect(!other.isWithinTolerance)
    #expect(other.metrics.mismatchedCount == 2)
    #expect(other.metrics.maxAbsoluteError == nil)
    #expect(other.metrics.worst == TensorMetrics.Worst(index: [0], left: nil, right: 1))
  }

  @Test func signedZerosAndNeighbours() throws {
    let metrics = try output([0, 1, -1], [-0.0, Float(1).nextUp, Float(-1).nextUp.nextUp], shape: [3]).metrics
    #expect(metrics.ulp.histogram.map(\.count) == [1, 1, 1])
    #expect(try output([0], [-0.0], shape: [1], tolerance: .exact).isWithinTolerance)
  }

  @Test func tolerances() throws {
    #expect(try !output([1, 1], [1, Float(1).nextUp], shape: [2], tolerance: .exact).isWithinTolerance)
    let given = Tolerance(name: "given", absolute: 0.5, relative: 0.1)
    #expect(try output([1.59], [1], shape: [1], tolerance: given).isWithinTolerance)
    #expect(try !output([1.61], [1], shape: [1], tolerance: given).isWithinTolerance)
    // The right is the reference.
    #expect(
      try output(
        [10], [10.9], shape: [1], tolerance: Tolerance(name: "given", absolute: 0, relative: 0.085)
      ).isWithinTolerance)
    #expect(
      try !output(
        [10.9], [10], shape: [1], tolerance: Tolerance(name: "given", absolute: 0, relative: 0.085)
      ).isWithinTolerance)
    let scaled = try output([100.05, 0.05], [100, 0], shape: [2], tolerance: .float16)
    #expect(scaled.absoluteTolerance == 1)
    #expect(scaled.isWithinTolerance)
  }

  @Test func topAgreement() throws {
    let left: [Float] = [1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1, 0]
    let right: [Float] = [0, 2, 3, 4, 5, 7, 6, 6, 5, 4, 3, 2, 0, 1]
    let found = try output(left, right, shape: [2, 7])
    #expect(found.topOneAgreement == 0.5)
    #expect(found.topFiveAgreement == 1)
    // Of equal elements any may be the first.
    #expect(try output([1, 1, 0], [1, 1, 0], shape: [1, 3]).topOneAgreement == 1)
    #expect(try output([1, 1, 0], [1, 1.5, 0], shape: [1, 3]).topOneAgreement == 1)
    #expect(try output([1, 1, 0], [0, 1, 2], shape: [1, 3]).topOneAgreement == 0)
    // Where all are equal, none was chosen.
    #expect(try output([0, 0, 0], [0, 1, 2], shape: [1, 3]).topOneAgreement == 0)
    #expect(try output([0, 1, 2], [0, 0, 0], shape: [1, 3]).topOneAgreement == 0)
    #expect(try output([0, 0, 0], [0, 0, 0], shape: [1, 3]).topOneAgreement == 1)
    #expect(try output([1, 2], [1, 2], shape: [2]).topOneAgreement == nil)
  }
}
