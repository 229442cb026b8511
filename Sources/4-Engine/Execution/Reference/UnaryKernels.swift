internal import FileIO
internal import Glibc
internal import ModelIR

extension Unary: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let elements: TypedTensor.Elements
    switch x.elements {
    case .real(let values):
      switch self {
      case .isNaN: return [TypedTensor(values.map(\.isNaN), shape: x.shape)]
      case .isInf(let detectsNegative, let detectsPositive):
        return [
          TypedTensor(
            values.map { $0.isInfinite && ($0 < 0 ? detectsNegative : detectsPositive) }, shape: x.shape)
        ]
      default: elements = .real(values.map(real))
      }
    case .integer(let values):
      if case .not = self { return [TypedTensor(values.map { $0 == 0 }, shape: x.shape)] }
      elements = .integer(values.map(integer))
    case .unsigned(let values): elements = .unsigned(values.map(integer))
    }
    return [TypedTensor(x.dataType, x.shape, elements)]
  }

  /// The function of an integer.
  private func integer<Integer: FixedWidthInteger>(_ x: Integer) -> Integer {
    switch self {
    case .abs: x < 0 ? 0 &- x : x
    case .neg: 0 &- x
    case .sign: x.signum()
    case .relu: max(x, 0)
    case .bitwiseNot: ~x
    case .shrink(let bias, let lambda):
      Double(x) < -Double(lambda)
        ? Integer(clampingReal: Double(x) + Double(bias))
        : Double(x) > Double(lambda) ? Integer(clampingReal: Double(x) - Double(bias)) : 0
    default: preconditionFailure("the shape rule takes no integers for \(name)")
    }
  }

  /// The function of a real number; also what recurrent layers apply to their gates.
  var real: (Double) -> Double {
    switch self {
    case .abs: { $0.magnitude }
    case .neg: { -$0 }
    case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .reciprocal: { 1 / $0 }
    case .floor: { $0.rounded(.down) }
    case .ceil: { $0.rounded(.up) }
    case .round: { $0.rounded(.toNearestOrEven) }
    case .sqrt: { $0.squareRoot() }
    case .exp: { Glibc.exp($0) }
    case .log: { Glibc.log($0) }
    case .erf: { Glibc.erf($0) }
    case .sin: { Glibc.sin($0) }
    case .cos: { Glibc.cos($0) }
    case .tan: { Glibc.tan($0) }
    case .asin: { Glibc.asin($0) }
    case .acos: { Glibc.acos($0) }
    case .atan: { Glibc.atan($0) }
    case .sinh: { Glibc.sinh($0) }
    case .cosh: { Glibc.cosh($0) }
    case .tanh: { Glibc.tanh($0) }
    case .asinh: { Glibc.asinh($0) }
    case .acosh: { Glibc.acosh($0) }
    case .atanh: { Glibc.atanh($0) }
    case .relu: { $0 < 0 ? 0 : $0 }
    case .leakyRelu(let alpha): { $0 < 0 ? Double(alpha) * $0 : $0 }
    case .thresholdedRelu(let alpha): { $0 > Double(alpha) ? $0 : $0.isNaN ? $0 : 0 }
    case .clip(let minimum, let maximum): { Self.clamp($0, Double(minimum), Double(maximum)) }
    case .sigmoid: Self.sigmoid
    case .hardSigmoid(let alpha, let beta): { Self.clamp(Double(alpha) * $0 + Double(beta), 0, 1) }
    case .hardSwish: { $0 * Self.clamp($0 / 6 + 0.5, 0, 1) }
    case .swish(let alpha): { $0 * Self.sigmoid(Double(alpha) * $0) }
    case .softplus: Self.softplus
    case .softsign: { $0 / (1 + $0.magnitude) }
    case .mish: { $0 * Glibc.tanh(Self.softplus($0)) }
    case .elu(let alpha): { $0 < 0 ? Double(alpha) * expm1($0) : $0 }
    case .selu(let alpha, let gamma):
      {
        $0 > 0 ? Double(gamma) * $0 : Double(gamma) * (Double(alpha) * expm1($0))
      }
    case .celu(let alpha):
      {
        $0.isNaN ? $0 : max(0, $0) + min(0, Double(alpha) * expm1($0 / Double(alpha)))
      }
    case .gelu(isTanh: false): { 0.5 * $0 * (1 + Glibc.erf($0 / 2.0.squareRoot())) }
    case .gelu(isTanh: true):
      {
        0.5 * $0 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
      }
    case .shrink(let bias, let lambda):
      {
        $0 < -Double(lambda) ? $0 + Double(bias) : $0 > Double(lambda) ? $0 - Double(bias) : 0
      }
    case .not, .isNaN, .isInf, .bitwiseNot: { _ in preconditionFailure("a test gives no number") }
    }
  }

  /// NaN stays.
  private static func clamp(_ x: Double, _ minimum: Double, _ maximum: Double) -> Double {
    x < minimum ? minimum : x > maximum ? maximum : x
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + Glibc.exp(-x)) }

  /// Without an overflow on either side.
  private static func softplus(_ x: Double) -> Double { log1p(Glibc.exp(-x.magnitude)) + (x < 0 ? 0 : x) }
}

extension FixedWidthInteger {
  /// A real number cut towards 0; the nearest end of the range beyond it, 0 for NaN.
  init(clampingReal value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = Self(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
  }
}

extension Identity: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] { [arguments(0)] }
}

extension BitCast: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = try arguments(0).tensor()
    return [try TypedTensor(try Tensor(to, x.shape, storage: x.storage))]
  }
}

extension Cast: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    guard ElementDomain.numberOrBool.contains(to) || to.isSmallFloat || to.isSmallInteger else {
      throw ScaleNetError(place: "to", expected: "a type of numbers or booleans", found: to.rawValue)
    }
    return [Self.cast(arguments(0), to: to, saturates: saturates, powerRounding: powerRounding)]
  }

  /// The elements as another type, rounded to a half type if it is one.
  static func cast(
    _ x: TypedTensor, to type: DataType, saturates: Bool = true,
    powerRounding: SmallFloat.PowerRounding = .up
  ) -> TypedTensor {
    if let format = SmallFloat(type) {
      let patterns = x.asReals.map {
        format.pattern(Float($0), saturates: saturates, powerRounding: powerRounding)
      }
      return TypedTensor(type, x.shape, .real(patterns.map { Double(format.value($0)) }))
    }
    let elements: TypedTensor.Elements
    switch (x.elements, type) {
    case (.real(let values), _) where type.isFloatingPoint:
      elements = .real(values.map { halved($0, type) })
    case (.integer(let values), .float32): elements = .real(values.map { Double(Float($0)) })
    case (.unsigned(let values), .float32): elements = .real(values.map { Double(Float($0)) })
    case (_, _) where type.isFloatingPoint: elements = .real(x.asReals.map { halved($0, type) })
    case (.real(let values), .bool): elements = .integer(values.map { $0 != 0 ? 1 : 0 })
    case (.integer(let values), .bool): elements = .integer(values.map { $0 != 0 ? 1 : 0 })
    case (.unsigned(let values), .bool): elements = .integer(values.map { $0 != 0 ? 1 : 0 })
    case (.real(let values), .uint64): elements = .unsigned(values.map(unsigned))
    case (.real(let values), .int64), (.real(let values), .uint32): elements = .integer(values.map(wide))
    case (.real(let values), _): elements = .integer(values.map(narrow))
    case (.integer(let values), .uint64): elements = .unsigned(values.map { UInt64(bitPattern: $0) })
    case (.integer, _), (.unsigned, .uint64): elements = x.elements
    case (.unsigned(let values), _): elements = .integer(values.map { Int64(bitPattern: $0) })
    }
    return TypedTensor(type, x.shape, elements)
  }

  /// Rounded to a half type, in whatever precision everything else is computed.
  private static func halved(_ value: Double, _ type: DataType) -> Double {
    switch type {
    case .float16: Double(Float16(Float(value)))
    case .bfloat16: Double(value.roundedToBFloat16)
    default: value
    }
  }

  // What no integer can hold becomes what the conversions of x86 processors make of it.

  private static func wide(_ value: Double) -> Int64 {
    Int64(exactly: value.rounded(.towardZero)) ?? .min
  }

  private static func narrow(_ value: Double) -> Int64 {
    Int64(Int32(exactly: value.rounded(.towardZero)) ?? .min)
  }

  private static func unsigned(_ value: Double) -> UInt64 {
    UInt64(exactly: value.rounded(.towardZero)) ?? UInt64(bitPattern: wide(value))
  }
}
