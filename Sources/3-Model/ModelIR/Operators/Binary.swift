public import FileIO

/// A function of pairs of elements of A and B, with NumPy's broadcasting.
///
/// Arithmetic of integers wraps around; their quotient is cut towards 0. Comparisons give booleans.
public enum Binary: OperatorKind {
  /// A + B, A - B, A * B, A / B.
  case add, sub, mul, div
  /// A to the power of B; B may have another type.
  case pow
  /// The remainder of A / B. With `isTruncated` (ONNX's `fmod`) it has the sign of A, otherwise that of B.
  case mod(isTruncated: Bool)
  /// A where it is not negative, A * B elsewhere; NaN stays. B, the slope, is broadcast to A.
  case pRelu
  /// Of booleans.
  case and, or, xor
  /// A compared with B, in that order. NaN is equal to nothing, and neither less nor greater.
  case equal, less, lessOrEqual, greater, greaterOrEqual
  /// A shifted by B bits, to the left or to the right, where its sign is repeated; by all of its bits where B is negative.
  case bitShift(isLeft: Bool)
  /// Of each bit of two integers.
  case bitwiseAnd, bitwiseOr, bitwiseXor

  public var name: String {
    switch self {
    case .add: "Add"
    case .sub: "Sub"
    case .mul: "Mul"
    case .div: "Div"
    case .pow: "Pow"
    case .mod: "Mod"
    case .pRelu: "PRelu"
    case .and: "And"
    case .or: "Or"
    case .xor: "Xor"
    case .equal: "Equal"
    case .less: "Less"
    case .lessOrEqual: "LessOrEqual"
    case .greater: "Greater"
    case .greaterOrEqual: "GreaterOrEqual"
    case .bitShift: "BitShift"
    case .bitwiseAnd: "BitwiseAnd"
    case .bitwiseOr: "BitwiseOr"
    case .bitwiseXor: "BitwiseXor"
    }
  }

  public var inputCount: ClosedRange<Int> { 2...2 }

  /// What elements the function is defined for, and whether its results are booleans.
  private var signature: (domain: ElementDomain, isTest: Bool) {
    switch self {
    case .add, .sub, .mul, .div, .pow, .mod, .pRelu: (.number, false)
    case .and, .or, .xor: (.bool, true)
    case .equal: (.numberOrBool, true)
    case .less, .lessOrEqual, .greater, .greaterOrEqual: (.number, true)
    case .bitShift, .bitwiseAnd, .bitwiseOr, .bitwiseXor: (.integer, false)
    }
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let (domain, isTest) = signature
    let a = try require(inputs, 0, "A", domain)
    var b = try require(inputs, 1, "B", domain)
    if case .pow = self { b.dataType = a.dataType }
    var result = try TensorType.broadcasting(a, b)
    if case .pRelu = self {
      guard b.rank <= a.rank, result.isCompatible(with: a) else {
        throw ScaleNetError(place: "input slope", expected: "what can be broadcast to \(a)", found: "\(b)")
      }
      result = a
    }
    if isTest { result.dataType = .bool }
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let operationsPerElement =
      switch self {
      case .pow: 8
      case .pRelu, .mod: 2
      case .add, .sub, .mul, .div, .and, .or, .xor, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual,
        .bitShift, .bitwiseAnd, .bitwiseOr, .bitwiseXor:
        1
      }
    return Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: operationsPerElement))
  }
}

/// A function of the elements of any number of inputs, with NumPy's broadcasting. NaN in any input is NaN in the result.
public enum Variadic: OperatorKind {
  /// Of floating-point numbers; minimum and maximum of integers too.
  case sum, mean, min, max

  public var name: String {
    switch self {
    case .sum: "Sum"
    case .mean: "Mean"
    case .min: "Min"
    case .max: "Max"
    }
  }

  public var inputCount: ClosedRange<Int> { 1...4096 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let domain: ElementDomain =
      switch self {
      case .sum, .mean: .float
      case .min, .max: .number
      }
    var result = try require(inputs, 0, "0", domain)
    for index in inputs.indices.dropFirst() {
      result = try TensorType.broadcasting(result, try require(inputs, index, "\(index)"))
    }
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: inputs.count))
  }
}

/// X where the condition holds, Y elsewhere; inputs condition (booleans), X and Y, with NumPy's broadcasting.
public struct Where: OperatorKind {
  public var name: String { "Where" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let condition = try require(inputs, 0, "condition", .bool)
    let values = try TensorType.broadcasting(try require(inputs, 1, "X"), try require(inputs, 2, "Y"))
    return [try TensorType.broadcasting(TensorType(values.dataType, condition.dimensions), values)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}
