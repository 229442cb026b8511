internal import FileIO
internal import Glibc
internal import ModelIR

extension Binary: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (a, b) = (arguments(0), arguments(1))
    let shape = arguments.shape()
    let left = Places.broadcast(a.shape, to: shape)
    let right = Places.broadcast(b.shape, to: shape)
    let type = arguments.types[0].dataType
    if case .pow = self { return [power(a, b, left, right, shape)] }
    func map<Scalar, Result>(_ x: [Scalar], _ y: [Scalar], _ body: (Scalar, Scalar) -> Result) -> [Result] {
      left.indices.map { body(x[left[$0]], y[right[$0]]) }
    }
    switch (a.elements, b.elements) {
    case (.real(let x), .real(let y)):
      if let test: (Double, Double) -> Bool = test() { return [TypedTensor(map(x, y, test), shape: shape)] }
      return [TypedTensor(type, shape, .real(map(x, y, real)))]
    case (.integer(let x), .integer(let y)):
      if let test: (Int64, Int64) -> Bool = test() { return [TypedTensor(map(x, y, test), shape: shape)] }
      try checkDivisors(y)
      return [TypedTensor(type, shape, .integer(map(x, y, integer())))]
    case (.unsigned(let x), .unsigned(let y)):
      if let test: (UInt64, UInt64) -> Bool = test() { return [TypedTensor(map(x, y, test), shape: shape)] }
      try checkDivisors(y)
      return [TypedTensor(type, shape, .unsigned(map(x, y, integer())))]
    default:
      preconditionFailure("the shape rule takes one element type")
    }
  }

  /// Processors trap, and runtimes with them.
  private func checkDivisors<Integer: FixedWidthInteger>(_ divisors: [Integer]) throws(ScaleNetError) {
    switch self {
    case .div, .mod:
      guard divisors.contains(0) else { return }
      throw ScaleNetError(place: "input B", expected: "divisors other than 0", found: "0")
    default: return
    }
  }

  /// The function if it is a comparison or of booleans.
  private func test<Scalar: ReferenceScalar>() -> ((Scalar, Scalar) -> Bool)? {
    switch self {
    case .equal: { $0 == $1 }
    case .less: { $0 < $1 }
    case .lessOrEqual: { $0 <= $1 }
    case .greater: { $0 > $1 }
    case .greaterOrEqual: { $0 >= $1 }
    case .and: { $0 != .zero && $1 != .zero }
    case .or: { $0 != .zero || $1 != .zero }
    case .xor: { ($0 != .zero) != ($1 != .zero) }
    case .add, .sub, .mul, .div, .pow, .mod, .pRelu, .bitShift, .bitwiseAnd, .bitwiseOr, .bitwiseXor: nil
    }
  }

  private var real: (Double, Double) -> Double {
    switch self {
    case .add: { $0 + $1 }
    case .sub: { $0 - $1 }
    case .mul: { $0 * $1 }
    case .div: { $0 / $1 }
    case .pow: { Glibc.pow($0, $1) }
    case .mod(isTruncated: true): { fmod($0, $1) }
    case .mod(isTruncated: false):
      {
        let rest = fmod($0, $1)
        // A remainder of 0 has the divisor's sign too.
        return rest == 0 ? Glibc.copysign(0, $1) : (rest < 0) != ($1 < 0) ? rest + $1 : rest
      }
    case .pRelu: { $0 < 0 ? $0 * $1 : $0 }
    case .and, .or, .xor, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .bitShift, .bitwiseAnd,
      .bitwiseOr, .bitwiseXor:
      { _, _ in preconditionFailure("no function of real numbers") }
    }
  }

  private func integer<Integer: FixedWidthInteger>() -> (Integer, Integer) -> Integer {
    switch self {
    case .add: { $0 &+ $1 }
    case .sub: { $0 &- $1 }
    case .mul: { $0 &* $1 }
    case .div: { $0.dividedReportingOverflow(by: $1).partialValue }
    case .mod(isTruncated: true): { $0.remainderReportingOverflow(dividingBy: $1).partialValue }
    case .mod(isTruncated: false):
      {
        let rest = $0.remainderReportingOverflow(dividingBy: $1).partialValue
        return rest != 0 && (rest < 0) != ($1 < 0) ? rest &+ $1 : rest
      }
    case .pRelu: { $0 < 0 ? $0 &* $1 : $0 }
    case .bitShift(isLeft: true): { $1 < 0 ? 0 : $0 << $1 }
    case .bitShift(isLeft: false): { $1 < 0 ? $0 >> Integer.bitWidth : $0 >> $1 }
    case .bitwiseAnd: { $0 & $1 }
    case .bitwiseOr: { $0 | $1 }
    case .bitwiseXor: { $0 ^ $1 }
    case .pow, .and, .or, .xor, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
      { _, _ in
        preconditionFailure("no function of integers")
      }
    }
  }

  /// Powers, whose exponents may be of another type. Whole powers of integers are exact, or wrap around.
  private func power(
    _ a: TypedTensor, _ b: TypedTensor, _ left: [Int], _ right: [Int], _ shape: [Int]
  ) -> TypedTensor {
    if case .real(let bases) = a.elements {
      let exponents = b.asReals
      return TypedTensor(
        a.dataType, shape, .real(left.indices.map { Glibc.pow(bases[left[$0]], exponents[right[$0]]) }))
    }
    let exponents = b.asReals
    func powers<Integer: FixedWidthInteger>(_ bases: [Integer]) -> [Integer] {
      left.indices.map { place in
        let (base, exponent) = (bases[left[place]], exponents[right[place]])
        guard exponent >= 0, let whole = Int(exactly: exponent) else {
          return Integer(clampingReal: Glibc.pow(Double(base), exponent))
        }
        return Self.wholePower(base, whole)
      }
    }
    switch a.elements {
    case .real: return a
    case .integer(let bases): return TypedTensor(a.dataType, shape, .integer(powers(bases)))
    case .unsigned(let bases): return TypedTensor(a.dataType, shape, .unsigned(powers(bases)))
    }
  }

  private static func wholePower<Integer: FixedWidthInteger>(_ base: Integer, _ exponent: Int) -> Integer {
    var (result, square, rest): (Integer, Integer, Int) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
}

extension Variadic: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let shape = arguments.shape()
    let tensors = arguments.inputs.indices.map { index in
      let input = arguments(index)
      return input.gathered(Places.broadcast(input.shape, to: shape), shape: shape)
    }
    var result = TypedTensor(
      arguments.types[0].dataType, shape, Combination(function: self).elements(tensors))
    if case .mean = self {
      result.elements = .real(result.reals.map { $0 / Double(tensors.count) })
    }
    return [result]
  }

  private struct Combination: ElementComputation {
    let function: Variadic

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
      values.dropFirst().reduce(values[0]) { result, next in
        result.indices.map { index in
          switch function {
          case .sum, .mean: result[index].plus(next[index])
          case .max: larger(result[index], next[index])
          case .min: smaller(result[index], next[index])
          }
        }
      }
    }
  }
}

extension Where: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (condition, x, y) = (arguments(0), arguments(1), arguments(2))
    let shape = arguments.shape()
    let truths = condition.integers
    let tests = Places.broadcast(condition.shape, to: shape)
    let left = Places.broadcast(x.shape, to: shape)
    let right = Places.broadcast(y.shape, to: shape)
    // Y's elements stand behind X's.
    let places = tests.indices.map { truths[tests[$0]] != 0 ? left[$0] : x.count + right[$0] }
    let both = TypedTensor(x.dataType, [x.count + y.count], x.elements + y.elements)
    return [both.gathered(places, shape: shape)]
  }
}
