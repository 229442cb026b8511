import Comparison
import Testing

@Suite struct DistanceTests {
  private func distance(
    _ left: [Float], from right: [Float], _ tolerance: Tolerance = .writtenFloat16
  ) -> Distance {
    Distance(left, right, tolerance)
  }

  @Test func findsTheWorstElement() {
    let found = distance([1, -4.5, 2.25], from: [1, -4, 2])
    #expect(found.maxAbsoluteError == 0.5)
    #expect(found.worstIndex == 1)
    #expect(found.relativeError == 0.125)
    #expect(!found.isWithinTolerance)
  }

  @Test func treatsNonFiniteValuesAsValues() {
    #expect(distance([.nan, .infinity], from: [.nan, .infinity]).relativeError == 0)
    #expect(distance([1, 2], from: [1, .infinity]).relativeError == .infinity)
    #expect(distance([1, .nan], from: [1, 2]).relativeError == .infinity)
    #expect(distance([0, 1e-9], from: [0, 0]).relativeError == .infinity)
    #expect(distance([0, 0], from: [0, 0]).isWithinTolerance)
  }
}
