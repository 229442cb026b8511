public import FileIO

/// What every operator knows of itself.
public protocol OperatorKind: Hashable, Sendable {
  /// ONNX's `op_type`.
  var name: String { get }
  /// How many inputs there may be, those left out included.
  var inputCount: ClosedRange<Int> { get }
  /// The types of the outputs. Fails if the inputs do not fit.
  ///
  /// Extents that depend on values, or on extents that are not known, are `.unknown`.
  func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType]
  /// What one run costs. Inputs that are left out are nil.
  func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost
}

/// What kinds of elements an input may have.
public enum ElementDomain: Sendable {
  /// Elements of every type.
  case any
  /// Real floating-point numbers.
  case float
  /// Floating-point numbers and integers of every width.
  case number
  /// Numbers, and booleans beside them.
  case numberOrBool
  /// Floating-point numbers and integers with a sign.
  case signed
  /// Integers of every width, with a sign or without.
  case integer
  /// Integers without a sign.
  case unsigned
  /// Booleans.
  case bool

  /// Whether elements of this type are among them.
  public func contains(_ type: DataType) -> Bool {
    switch self {
    case .any: true
    case .float: type.isFloatingPoint
    case .number: type.isFloatingPoint || type.isInteger
    case .numberOrBool: type.isFloatingPoint || type.isInteger || type == .bool
    case .signed: type.isFloatingPoint || type.isSignedInteger
    case .integer: type.isInteger
    case .unsigned: type.isInteger && !type.isSignedInteger
    case .bool: type == .bool
    }
  }

  /// The words of messages.
  var expectation: String {
    switch self {
    case .any: "elements of any type"
    case .float: "floating-point elements"
    case .number: "numbers"
    case .numberOrBool: "numbers or booleans"
    case .signed: "floating-point elements or signed integers"
    case .integer: "integers"
    case .unsigned: "unsigned integers"
    case .bool: "booleans"
    }
  }
}

extension OperatorKind {
  /// The type of an input that must be there.
  func require(_ inputs: [TensorType?], _ index: Int, _ name: String) throws(ScaleNetError) -> TensorType {
    guard index < inputs.count, let type = inputs[index] else {
      throw ScaleNetError(place: "input \(name)", expected: "a value", found: "none")
    }
    return type
  }

  /// The type of an input that must be there and hold elements of a domain.
  func require(
    _ inputs: [TensorType?], _ index: Int, _ name: String, _ domain: ElementDomain
  ) throws(ScaleNetError) -> TensorType {
    let type = try require(inputs, index, name)
    guard domain.contains(type.dataType) else {
      throw ScaleNetError(place: "input \(name)", expected: domain.expectation, found: "\(type)")
    }
    return type
  }

  /// The type of an input that must be there, have this rank and hold real floating-point numbers.
  func require(
    _ inputs: [TensorType?], _ index: Int, _ name: String, rank: Int
  ) throws(ScaleNetError) -> TensorType {
    let type = try requireFloat(inputs, index, name)
    guard type.rank == rank else {
      throw ScaleNetError(place: "input \(name)", expected: "rank \(rank)", found: "\(type)")
    }
    return type
  }

  /// The type of an input that must be there and hold real floating-point numbers.
  func requireFloat(
    _ inputs: [TensorType?], _ index: Int, _ name: String
  ) throws(ScaleNetError) -> TensorType {
    try require(inputs, index, name, .float)
  }

  /// The type of an input that may be left out.
  func optional(_ inputs: [TensorType?], _ index: Int) -> TensorType? {
    index < inputs.count ? inputs[index] : nil
  }

  /// Fails unless an input that is there is a vector of `count` elements.
  func requireVector(
    _ inputs: [TensorType?], _ index: Int, _ name: String, count: Int, of dataType: DataType
  ) throws(ScaleNetError) {
    guard index < inputs.count, let type = inputs[index] else { return }
    guard type.isCompatible(with: TensorType(dataType, [.fixed(count)])) else {
      throw ScaleNetError(
        place: "input \(name)", expected: "\(TensorType(dataType, [.fixed(count)]))", found: "\(type)")
    }
  }

  /// Fails unless `axis` is one of the axes of `type`, counted from the first.
  func requireAxis(_ axis: Int, of type: TensorType, _ place: String = "axis") throws(ScaleNetError) {
    guard (0..<type.rank).contains(axis) else {
      throw ScaleNetError(
        place: place, expected: type.rank == 0 ? "rank 1 or more" : "0 to \(type.rank - 1)",
        found: type.rank == 0 ? "\(type)" : "\(axis)")
    }
  }

  /// An extent that must be known.
  func requireFixed(_ type: TensorType, _ axis: Int, _ name: String) throws(ScaleNetError) -> Int {
    guard let value = type.dimensions[axis].value else {
      throw ScaleNetError(
        place: "input \(name), axis \(axis)", expected: "a known extent", found: "\(type)"
      ).advising(.closeExtents)
    }
    return value
  }

  /// An extent that is known, or nil for one that only a run tells. An extent under a name is refused: arithmetic with
  /// it is not the graph's.
  func extent(_ type: TensorType, _ axis: Int, _ name: String) throws(ScaleNetError) -> Int? {
    if type.dimensions[axis] == .unknown { return nil }
    return try requireFixed(type, axis, name)
  }
}
