import Comparison
import Testing

@Suite struct OutputComparisonTests {
  @Test func findsTheWorstElement() {
    let comparison = OutputComparison(expected: [1, -4, 2], found: [1, -4.5, 2.25])
    #expect(comparison.maximumAbsoluteError == 0.5)
    #expect(comparison.worstIndex == 1)
    #expect(comparison.relativeError == 0.125)
    #expect(!comparison.isWithin(.float16))
  }

  @Test func treatsNonFiniteValuesAsValues() {
    #expect(OutputComparison(expected: [.nan, .infinity], found: [.nan, .infinity]).relativeError == 0)
    #expect(OutputComparison(expected: [1, .infinity], found: [1, 2]).relativeError == .infinity)
    #expect(OutputComparison(expected: [1, 2], found: [1, .nan]).relativeError == .infinity)
    #expect(OutputComparison(expected: [0, 0], found: [0, 1e-9]).relativeError == .infinity)
    #expect(OutputComparison(expected: [0, 0], found: [0, 0]).isWithin(.float32))
  }
}
