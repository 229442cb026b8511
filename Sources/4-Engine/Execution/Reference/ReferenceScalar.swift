/// What sums and orders are made of, in each carrier. Integers wrap around.
protocol ReferenceScalar: Comparable, Sendable {
  static var zero: Self { get }
  static var one: Self { get }
  /// The first to win or lose against every other.
  static var lowest: Self { get }
  static var highest: Self { get }
  /// Whether it is not a number.
  var isUndefined: Bool { get }
  func plus(_ other: Self) -> Self
  func minus(_ other: Self) -> Self
  func times(_ other: Self) -> Self
  init(count: Int)
}

extension Double: ReferenceScalar {
  static var one: Double { 1 }
  static var lowest: Double { -.infinity }
  static var highest: Double { .infinity }
  var isUndefined: Bool { isNaN }
  @inline(__always) func plus(_ other: Double) -> Double { self + other }
  @inline(__always) func minus(_ other: Double) -> Double { self - other }
  @inline(__always) func times(_ other: Double) -> Double { self * other }
  init(count: Int) { self.init(count) }
}

extension ReferenceScalar where Self: FixedWidthInteger {
  static var one: Self { 1 }
  static var lowest: Self { .min }
  static var highest: Self { .max }
  var isUndefined: Bool { false }
  @inline(__always) func plus(_ other: Self) -> Self { self &+ other }
  @inline(__always) func minus(_ other: Self) -> Self { self &- other }
  @inline(__always) func times(_ other: Self) -> Self { self &* other }
  init(count: Int) { self.init(truncatingIfNeeded: count) }
}

extension Int64: ReferenceScalar {}
extension UInt64: ReferenceScalar {}

/// The larger element; NaN wins.
func larger<Scalar: ReferenceScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
  a.isUndefined ? a : b.isUndefined ? b : max(a, b)
}

/// The smaller element; NaN wins.
func smaller<Scalar: ReferenceScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
  a.isUndefined ? a : b.isUndefined ? b : min(a, b)
}

/// A computation of elements that is the same in every carrier.
protocol ElementComputation {
  func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar]
}

/// A choice of places by the elements there that is the same in every carrier.
protocol PlaceComputation {
  func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int]
}

extension ElementComputation {
  /// The result for the elements of tensors of one type, in their carrier.
  func elements(_ tensors: [TypedTensor]) -> TypedTensor.Elements {
    switch tensors[0].elements {
    case .real: .real(self(tensors.map(\.reals)))
    case .integer:
      .integer(
        self(tensors.map { if case .integer(let values) = $0.elements { values } else { [Int64]() } }))
    case .unsigned:
      .unsigned(
        self(tensors.map { if case .unsigned(let values) = $0.elements { values } else { [UInt64]() } }))
    }
  }
}

extension PlaceComputation {
  /// The result for the elements of a tensor, in its carrier.
  func places(_ tensor: TypedTensor) -> [Int] {
    switch tensor.elements {
    case .real(let values): self(values)
    case .integer(let values): self(values)
    case .unsigned(let values): self(values)
    }
  }
}
