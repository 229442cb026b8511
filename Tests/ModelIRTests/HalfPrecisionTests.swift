import FileIO
import Testing

@testable import ModelIR

/// float16 in integer arithmetic, against the language's own.
@Suite struct HalfPrecisionTests {
  private func isSame(_ a: Float, _ b: Float) -> Bool {
    a.isNaN && b.isNaN || a.bitPattern == b.bitPattern
  }

  @Test func `every pattern is the number that it stands for`() {
    for pattern in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: pattern))
      #expect(isSame(HalfPrecision.float(pattern), expected), "\(pattern)")
      guard !expected.isNaN else { continue }
      #expect(HalfPrecision.pattern(expected) == pattern, "\(pattern)")
    }
  }

  @Test func `numbers are rounded as the language rounds them`() {
    var numbers: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 65_504, 65_519.996, 65_520, 0x1p-25,
    ]
    // Halfway between two numbers, and beside it, below and above 2^-14.
    for pattern in stride(from: UInt16(0), to: 0x7bff, by: 7) {
      let middle = (Float(Float16(bitPattern: pattern)) + Float(Float16(bitPattern: pattern + 1))) / 2
      numbers += [middle, middle.nextUp, middle.nextDown, -middle]
    }
    var random = RandomSource(seed: 16)
    for _ in 0..<100_000 {
      numbers.append(Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random)))
    }
    for number in numbers {
      let expected = Float16(number)
      #expect(isSame(HalfPrecision.rounded(number), Float(expected)), "\(number)")
      #expect(number.isNaN || HalfPrecision.pattern(number) == expected.bitPattern, "\(number)")
    }
  }

  @Test func `tensors of halves are read by rows, by columns and of either byte order`() throws(ScaleNetError)
  {
    let patterns: [UInt16] = (0..<600).map { UInt16(truncatingIfNeeded: $0 * 109 + 3) & 0xbbff }
    for isLittle in [true, false] {
      let bytes = patterns.map { isLittle ? $0.littleEndian : $0.bigEndian }
      let tensor = try Tensor(
        .float16, [20, 30], storage: .copying(bytes), isLittleEndian: isLittle)
      let expected = patterns.map { Float(Float16(bitPattern: $0)) }
      #expect(try tensor.floats() == expected)
      let turned = (0..<600).map { expected[$0 % 20 * 30 + $0 / 20] }
      #expect(try tensor.transposed([1, 0]).floats() == turned)
    }
  }

  @Test func `what overflows is an error that says where`() {
    let tensor = Tensor([1, 65_520, .infinity] as [Float], shape: [3]).cast(to: .float16)
    let error = #expect(throws: ScaleNetError.self) { try tensor.floats() }
    #expect(error?.overflow?.value == 65_520)
    let held = Tensor([1, 65_519, .infinity] as [Float], shape: [3]).cast(to: .float16)
    #expect((try? held.floats()) == [1, 65_504, Float.infinity])
  }
}
