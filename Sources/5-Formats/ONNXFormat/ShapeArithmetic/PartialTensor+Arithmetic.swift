import Glibc
import ModelIR

extension PartialTensor {
  /// Operators on two tensors, element by element.
  enum Binary: String {
    case add = "Add"
    case sub = "Sub"
    case mul = "Mul"
    case div = "Div"
    case mod = "Mod"
    case min = "Min"
    case max = "Max"
    case equal = "Equal"
    case less = "Less"
    case lessOrEqual = "LessOrEqual"
    case greater = "Greater"
    case greaterOrEqual = "GreaterOrEqual"
    case and = "And"
    case or = "Or"
    case xor = "Xor"

    /// Whether results are truth values.
    var isLogical: Bool {
      switch self {
      case .add, .sub, .mul, .div, .mod, .min, .max: false
      case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .xor: true
      }
    }

    /// Whether truth values can be given.
    var takesTruth: Bool {
      switch self {
      case .equal, .and, .or, .xor: true
      default: false
      }
    }
  }

  /// Operators on one tensor, element by element.
  enum Unary: String {
    case floor = "Floor"
    case ceil = "Ceil"
    case neg = "Neg"
    case abs = "Abs"
    case not = "Not"
    case sqrt = "Sqrt"
    case identity = "Identity"
  }

  /// The operator with NumPy's broadcasting; nil if shapes or types do not fit, or a result is not known.
  static func apply(_ op: Binary, _ left: PartialTensor, _ right: PartialTensor) -> PartialTensor? {
    guard left.dataType == right.dataType, left.dataType != .bool || op.takesTruth else { return nil }
    return combining(left, right, op.isLogical ? .bool : left.dataType) { apply(op, $0, $1) }
  }

  /// The elements of two tensors combined, with NumPy's broadcasting.
  private static func combining(
    _ left: PartialTensor, _ right: PartialTensor, _ dataType: DataType,
    _ combine: (Element, Element) -> Element?
  ) -> PartialTensor? {
    guard let a = left.expanded(to: right.shape), let b = right.expanded(to: left.shape) else { return nil }
    var elements: [Element] = []
    for (x, y) in zip(a.elements, b.elements) {
      guard let element = combine(x, y) else { return nil }
      elements.append(element.rounded(to: dataType))
    }
    return PartialTensor(dataType, shape: a.shape, elements: elements)
  }

  /// Elements of `yes` where a condition holds, and of `no` elsewhere; nil if shapes or types do not fit.
  static func choosing(
    _ condition: PartialTensor, _ yes: PartialTensor, _ no: PartialTensor
  ) -> PartialTensor? {
    guard condition.dataType == .bool, yes.dataType == no.dataType,
      let a = yes.expanded(to: no.shape)?.expanded(to: condition.shape),
      let b = no.expanded(to: a.shape), let c = condition.expanded(to: a.shape), b.shape == a.shape
    else { return nil }
    var result = a
    for (index, truth) in c.elements.enumerated() where truth == .integer(0) {
      result.elements[index] = b.elements[index]
    }
    return result
  }

  /// The numbers from `start` to before `limit` in steps; nil if they are not known or too many.
  static func range(_ start: PartialTensor, _ limit: PartialTensor, _ step: PartialTensor) -> PartialTensor? {
    let parts = [start, limit, step]
    guard parts.allSatisfy({ $0.elements.count == 1 && $0.dataType == start.dataType }) else { return nil }
    let elements: [Element]
    switch (start.elements[0], limit.elements[0], step.elements[0]) {
    case (.integer(let start), .integer(let limit), .integer(let step)):
      let (room, overflow) = limit.subtractingReportingOverflow(start)
      guard step != 0, step != .min, !overflow, room != .min else { return nil }
      let count = room.signum() == step.signum() ? (abs(room) - 1) / abs(step) + 1 : 0
      guard count <= largestCount else { return nil }
      elements = (0..<count).map { .integer(start + $0 * step) }
    case (.real(let first), .real(let limit), .real(let step)):
      let count = max(((limit - first) / step).rounded(.up), 0)
      // What is no number fails here too.
      guard count <= Double(largestCount) else { return nil }
      elements = (0..<Int(count)).map { Element.real(first + Double($0) * step).rounded(to: start.dataType) }
    default:
      return nil
    }
    return PartialTensor(start.dataType, shape: [elements.count], elements: elements)
  }

  private static func apply(_ op: Binary, _ left: Element, _ right: Element) -> Element? {
    if op.isLogical { return compare(op, left, right).map { .integer($0 ? 1 : 0) } }
    switch (left, right) {
    case (.integer(let a), .integer(let b)):
      let (value, overflow) =
        switch op {
        case .add: a.addingReportingOverflow(b)
        case .sub: a.subtractingReportingOverflow(b)
        case .mul: a.multipliedReportingOverflow(by: b)
        // Toward zero, as ONNX Runtime divides; a zero divisor counts as overflow.
        case .div: a.dividedReportingOverflow(by: b)
        case .mod: modulo(a, b)
        case .min: (Swift.min(a, b), false)
        case .max: (Swift.max(a, b), false)
        default: (0, true)
        }
      return overflow ? nil : .integer(value)
    case (.real(let a), .real(let b)):
      switch op {
      case .add: return .real(a + b)
      case .sub: return .real(a - b)
      case .mul: return .real(a * b)
      case .div: return .real(a / b)
      case .mod: return .real(fmod(a, b))
      case .min: return .real(Swift.min(a, b))
      case .max: return .real(Swift.max(a, b))
      default: return nil
      }
    case (.open, let known):
      // Only what leaves an open extent as it is can be said.
      switch op {
      case .add, .sub: return known.isEqual(0) ? left : nil
      case .mul, .div: return known.isEqual(1) ? left : nil
      case .min, .max: return left == right ? left : nil
      default: return nil
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

  /// The remainder with the divisor's sign.
  private static func modulo(_ a: Int64, _ b: Int64) -> (Int64, Bool) {
    let (rest, overflow) = a.remainderReportingOverflow(dividingBy: b)
    // The one that overflows, of the least number by -1, is 0; a zero divisor has none.
    if overflow { return (0, b == 0) }
    return (rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest, false)
  }

  /// A comparison, or a connection of truth values; nil if it is not known. An open extent is at least 1.
  private static func compare(_ op: Binary, _ left: Element, _ right: Element) -> Bool? {
    switch (left, right) {
    case (.integer(let a), .integer(let b)):
      switch op {
      case .and: a != 0 && b != 0
      case .or: a != 0 || b != 0
      case .xor: (a != 0) != (b != 0)
      default: compare(op, a, b)
      }
    case (.real(let a), .real(let b)): compare(op, a, b)
    case (.open(let a), .open(let b)): a == b ? compare(op, 0, 0) : nil
    case (.open, .integer(let number)): number < 1 ? compare(op, 1, number) : nil
    case (.integer(let number), .open): number < 1 ? compare(op, number, 1) : nil
    default: nil
    }
  }

  private static func compare<Number: Comparable>(_ op: Binary, _ a: Number, _ b: Number) -> Bool? {
    switch op {
    case .equal: a == b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    default: nil
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
      case (.abs, .open): break
      case (.abs, .real(let value)): result.elements[index] = .real(Swift.abs(value))
      case (.abs, .integer(let value)) where value != .min:
        result.elements[index] = .integer(Swift.abs(value))
      case (.not, .integer(let value)) where dataType == .bool:
        result.elements[index] = .integer(value == 0 ? 1 : 0)
      case (.sqrt, .real(let value)):
        result.elements[index] = Element.real(value.squareRoot()).rounded(to: dataType)
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
