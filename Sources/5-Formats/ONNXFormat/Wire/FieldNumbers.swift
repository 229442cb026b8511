/// A set of field numbers below 64.
struct FieldNumbers: ExpressibleByArrayLiteral {
  private var bits: UInt64 = 0

  init(arrayLiteral numbers: Int...) {
    for number in numbers { insert(number) }
  }

  @inline(__always)
  mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }

  /// How many there are.
  var count: Int { bits.nonzeroBitCount }

  /// The lowest; nil if there is none.
  var first: Int? { bits == 0 ? nil : bits.trailingZeroBitCount }

  @inline(__always)
  func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }
}
