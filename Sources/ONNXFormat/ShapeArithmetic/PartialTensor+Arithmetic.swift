import ModelIR

extension PartialTensor {
  /// Operators on two tensors, element by element.
  enum Binary: String {
    case add = "Add"
    case sub = "Sub"
    case mul = "Mul"
    case div = "Div"
    case min = "Min"
    case max = "Max"
  }

  /// Operators on one tensor, element by element.
  enum Unary: String {
    case floor = "Floor"
    case ceil = "Ceil"
    case neg = "Neg"
    case identity = "Identity"
  }

  /// The operator with NumPy's broadcasting; nil if shapes or types do not fit, or a result is not known.
  static func apply(_ op: Binary, _ left: PartialTensor, _ right: PartialTensor) -> PartialTensor? {
    guard left.dataType == right.dataType, left.dataType != .bool else { return nil }
    let rank = Swift.max(left.shape.count, right.shape.count)
    let a = [Int](repeating: 1, count: rank - left.shape.count) + left.shape
    let b = [Int](repeating: 1, count: rank - right.shape.count) + right.shape
    var shape: [Int] = []
    var count = 1
    for (x, y) in zip(a, b) {
      guard x == y || x == 1 || y == 1 else { return nil }
      shape.append(x == 1 ? y : x)
      // Both factors are at most the largest count.
      count *= shape[shape.count - 1]
      guard count <= largestCount else { return nil }
    }
    var elements: [Element] = []
    for index in 0..<count {
      var rest = index
      var (leftIndex, rightIndex) = (0, 0)
      var (leftStep, rightStep) = (1, 1)
      for axis in stride(from: rank - 1, through: 0, by: -1) {
        let position = rest % shape[axis]
        rest /= shape[axis]
        if a[axis] > 1 { leftIndex += position * leftStep }
        if b[axis] > 1 { rightIndex += position * rightStep }
        leftStep *= a[axis]
        rightStep *= b[axis]
      }
      guard let element = apply(op, left.elements[leftIndex], right.elements[rightIndex]) else { return nil }
      elements.append(element.rounded(to: left.dataType))
    }
    return PartialTensor(left.dataType, shape: shape, elements: elements)
  }

  private static func apply(_ op: Binary, _ left: Element, _ right: Element) -> Element? {
    switch (left, right) {
    case (.integer(let a), .integer(let b)):
      let (value, overflow) =
        switch op {
        case .add: a.addingReportingOverflow(b)
        case .sub: a.subtractingReportingOverflow(b)
        case .mul: a.multipliedReportingOverflow(by: b)
        // Toward zero, as ONNX Runtime divides; a zero divisor counts as overflow.
        case .div: a.dividedReportingOverflow(by: b)
        case .min: (Swift.min(a, b), false)
        case .max: (Swift.max(a, b), false)
        }
      return overflow ? nil : .integer(value)
    case (.real(let a), .real(let b)):
      switch op {
      case .add: return .real(a + b)
      case .sub: return .real(a - b)
      case .mul: return .real(a * b)
      case .div: return .real(a / b)
      case .min: return .real(Swift.min(a, b))
      case .max: return .real(Swift.max(a, b))
      }
    case (.open, let known):
      // Only what leaves an open extent as it is can be said.
      switch op {
      case .add, .sub: return known.isEqual(0) ? left : nil
      case .mul, .div: return known.isEqual(1) ? left : nil
      case .min, .max: return left == right ? left : nil
      }
    case (let known, .open):
      switch op {
      case .add: return known.isEqual(0) ? right : nil
      case .mul: return known.isEqual(1) ? right : nil
      default: return nil
      }
    default:
      return nil
    }
  }

  /// The operator on every element; nil if a result is not known.
  func apply(_ op: Unary) -> PartialTensor? {
    var result = self
    for index in elements.indices {
      switch (op, elements[index]) {
      case (.identity, _), (.floor, .open), (.ceil, .open): break
      case (.floor, .real(let value)): result.elements[index] = .real(value.rounded(.down))
      case (.ceil, .real(let value)): result.elements[index] = .real(value.rounded(.up))
      case (.neg, .real(let value)): result.elements[index] = .real(-value)
      case (.neg, .integer(let value)) where value != .min: result.elements[index] = .integer(-value)
      default: return nil
      }
    }
    return result
  }

  /// The elements converted; nil if the type is not one to compute shapes with, or a value does not fit.
  func cast(to dataType: DataType) -> PartialTensor? {
    var result = self
    result.dataType = dataType
    for index in elements.indices {
      switch (elements[index], dataType) {
      case (.open, .int64), (.open, .int32), (.open, .float32), (.open, .float64): break
      case (.integer(let value), .float32), (.integer(let value), .float64), (.integer(let value), .float16):
        result.elements[index] = Element.real(Double(value)).rounded(to: dataType)
      case (.real(let value), .float32), (.real(let value), .float64), (.real(let value), .float16):
        result.elements[index] = Element.real(value).rounded(to: dataType)
      case (.integer, .int64): break
      case (.integer(let value), .int32):
        guard Int32(exactly: value) != nil else { return nil }
      case (.integer(let value), .bool): result.elements[index] = .integer(value == 0 ? 0 : 1)
      case (.real(let value), .bool): result.elements[index] = .integer(value == 0 ? 0 : 1)
      case (.real(let value), .int64), (.real(let value), .int32):
        guard let whole = Int64(exactly: value.rounded(.towardZero)),
          dataType == .int64 || Int32(exactly: whole) != nil
        else { return nil }
        result.elements[index] = .integer(whole)
      default: return nil
      }
    }
    return result
  }
}

extension PartialTensor.Element {
  func isEqual(_ number: Int64) -> Bool { self == .integer(number) || self == .real(Double(number)) }

  /// A real number rounded to a type. Sums, products and quotients of two float32 values that are computed in Double
  /// and rounded once are those of float32 arithmetic.
  func rounded(to dataType: DataType) -> PartialTensor.Element {
    guard case .real(let value) = self else { return self }
    switch dataType {
    case .float32: return .real(Double(Float(value)))
    case .float16: return .real(Double(Float16(value)))
    default: return self
    }
  }
}
