import ModelIR
import Testing

@testable import Comparison

/// Weights larger than a block, so that what is asked of them is put together of several.
@Suite("Weights that are gone through in blocks")
struct BlockwiseTests {
  /// 240 rows of 300 numbers that all differ.
  private static let numbers: [Float] = (0..<72_000).map { (index: Int) -> Float in
    let magnitude = Float(index * 7919 % 72_000 + 1) * 0.001
    return index % 3 == 0 ? -magnitude : magnitude
  }
  private static let shape: TensorShape = [240, 300]

  private func pair(_ own: [Float], _ other: [Float]) throws -> Digits.Pair {
    try #require(ElementPair(Tensor(own, shape: Self.shape), Tensor(other, shape: Self.shape)))
  }

  private func order(_ pair: Digits.Pair, axis: Int) throws -> [Int]? {
    ChannelOrder.find(pair, axis: axis, largest: try pair.distance().largestMagnitude)
  }

  @Test("Rows and columns in another order are found")
  func orders() throws {
    var rows = Array(0..<240)
    rows.swapAt(3, 200)
    rows.swapAt(17, 18)
    var columns = Array((0..<300).reversed())
    columns.swapAt(0, 150)
    let own = Self.numbers
    let first = try pair(own, ChannelOrder.apply(rows, to: own, shape: [240, 300], axis: 0))
    #expect(try order(first, axis: 0) == rows && order(first, axis: 1) == nil)
    let second = try pair(own, ChannelOrder.apply(columns, to: own, shape: [240, 300], axis: 1))
    #expect(try order(second, axis: 1) == columns && order(second, axis: 0) == nil)
    // A single number elsewhere, in the last block, is no order.
    var changed = ChannelOrder.apply(rows, to: own, shape: [240, 300], axis: 0)
    changed[71_999] += 1
    #expect(try order(try pair(own, changed), axis: 0) == nil)
  }

  @Test("Fewer digits are seen, unless one number in the last block has them all")
  func digits() throws {
    let own = Self.numbers
    let half = own.map { Float(Float16($0)) }
    #expect(Digits.isRounded(try pair(own, half), to: .float16))
    #expect(!Digits.isRounded(try pair(own, half), to: .bfloat16))
    var spoiled = half
    spoiled[71_998] = 0.123456
    #expect(!Digits.isRounded(try pair(own, spoiled), to: .float16))
    #expect(Digits.isCut(try pair(own, own.map(Digits.cut))))
    let doubled = try #require(Digits.factor(try pair(own, own.map { 2 * $0 })))
    #expect(abs(doubled - 2) < 1e-6)
    let steps = own.map { ($0 / 0.6).rounded() * 0.6 }
    #expect(Digits.quantization(try pair(own, steps)) == "for all")
  }

  @Test("A factor for each row or column is seen")
  func factors() throws {
    let own = Self.numbers
    let rows = own.indices.map { (index: Int) -> Float in own[index] * (1 + Float(index / 300) / 240) }
    let found = try #require(Digits.channelFactors(try pair(own, rows), axis: 0))
    #expect(found.count == 240 && found.indices.allSatisfy { abs(found[$0] - (1 + Double($0) / 240)) < 1e-6 })
    let columns = own.indices.map { (index: Int) -> Float in own[index] * (1 + Float(index % 300) / 300) }
    #expect(Digits.channelFactors(try pair(own, columns), axis: 1) != nil)
    #expect(Digits.channelFactors(try pair(own, columns), axis: 0) == nil)
  }

  @Test("The distance is that of the whole")
  func distance() throws {
    var other = Self.numbers
    other[40_000] += 0.25
    other[71_999] = .nan
    let blockwise = try pair(Self.numbers, other).distance()
    let whole = Distance(Self.numbers, other, .exact)
    #expect(blockwise.maxAbsoluteError == whole.maxAbsoluteError && whole.maxAbsoluteError == .infinity)
    #expect(blockwise.largestMagnitude == whole.largestMagnitude)
    #expect(blockwise.mismatchedCount == 2)
    #expect(try pair(Self.numbers, other).differingCount == 2)
  }
}
