public import FileIO

/// Numbers as integers, or as numbers of eight bits: y = saturate(round(x / y_scale) + y_zero_point), halves to even. Inputs x, y_scale and
/// y_zero_point (may be left out).
///
/// The scale is a scalar, a vector along `axis`, or has one number for each block of `blockSize` elements along it.
public struct QuantizeLinear: OperatorKind {
  /// The axis of vectors and blocks, not negative.
  public var axis: Int
  /// Elements of a block; 0 for none.
  public var blockSize: Int
  /// The type of the result where no zero point tells it.
  public var outputType: DataType
  /// Whether what is too large for a type of eight bits becomes its largest number, otherwise infinity or NaN.
  public var saturates: Bool

  public init(axis: Int = 1, blockSize: Int = 0, outputType: DataType = .uint8, saturates: Bool = true) {
    self.saturates = saturates
    self.axis = axis
    self.blockSize = blockSize
    self.outputType = outputType
  }

  public var name: String { "QuantizeLinear" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "x", .number)
    let scale = try requireFloat(inputs, 1, "y_scale")
    try requireScale(scale, "y_scale", of: x, axis: axis, blockSize: blockSize)
    var type = outputType
    if let zero = optional(inputs, 2) {
      guard zero.dimensions == scale.dimensions || zero.isOneElement else {
        throw ScaleNetError(place: "input y_zero_point", expected: "the shape of y_scale", found: "\(zero)")
      }
      type = zero.dataType
    }
    guard type.isInteger || type.isSmallInteger || type.isSmallFloat else {
      throw ScaleNetError(place: "output_dtype", expected: "integers", found: type.rawValue)
    }
    return [TensorType(type, x.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 3))
  }
}

/// Integers as numbers: (x - x_zero_point) * x_scale. Inputs x, x_scale and x_zero_point (may be left out), in the
/// shapes that `QuantizeLinear` takes.
public struct DequantizeLinear: OperatorKind {
  /// The axis of vectors and blocks, not negative.
  public var axis: Int
  /// Elements of a block; 0 for none.
  public var blockSize: Int

  public init(axis: Int = 1, blockSize: Int = 0) {
    self.axis = axis
    self.blockSize = blockSize
  }

  public var name: String { "DequantizeLinear" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "x")
    guard x.dataType.isInteger || x.dataType.isSmallInteger || x.dataType.isSmallFloat else {
      throw ScaleNetError(place: "input x", expected: "integers or numbers of eight bits", found: "\(x)")
    }
    let scale = try requireFloat(inputs, 1, "x_scale")
    try requireScale(scale, "x_scale", of: x, axis: axis, blockSize: blockSize)
    if let zero = optional(inputs, 2) {
      guard zero.dataType == x.dataType,
        zero.dimensions == scale.dimensions || zero.isOneElement
      else {
        throw ScaleNetError(
          place: "input x_zero_point", expected: "\(TensorType(x.dataType, scale.dimensions))",
          found: "\(zero)")
      }
    }
    return [TensorType(scale.dataType, x.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 2))
  }
}

/// Numbers as uint8, with the scale and zero point that their range asks for: outputs y, y_scale and y_zero_point.
public struct DynamicQuantizeLinear: OperatorKind {
  public init() {}

  public var name: String { "DynamicQuantizeLinear" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "x")
    return [
      TensorType(.uint8, x.dimensions), TensorType(.float32, [] as [Dimension]),
      TensorType(.uint8, [] as [Dimension]),
    ]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 5))
  }
}

extension TensorType {
  /// Whether it is known to be one element.
  fileprivate var isOneElement: Bool { dimensions.allSatisfy { $0 == 1 } }
}

extension OperatorKind {
  /// Fails unless a zero point that is there has the type of what it belongs to.
  func requireZeroPoint(
    _ inputs: [TensorType?], _ index: Int, _ name: String, of type: TensorType
  ) throws(ScaleNetError) {
    guard let zero = optional(inputs, index) else { return }
    guard zero.dataType == type.dataType else {
      throw ScaleNetError(place: "input \(name)", expected: type.dataType.rawValue, found: "\(zero)")
    }
  }

  /// Fails unless a scale is a scalar, a vector along `axis` or one for each block along it.
  fileprivate func requireScale(
    _ scale: TensorType, _ name: String, of x: TensorType, axis: Int, blockSize: Int
  ) throws(ScaleNetError) {
    if scale.rank == 0 || scale.dimensions == [1] && blockSize == 0 { return }
    try requireAxis(axis, of: x)
    if blockSize == 0 {
      guard scale.rank == 1, scale.dimensions[0].isCompatible(with: x.dimensions[axis]) else {
        throw ScaleNetError(
          place: "input \(name)", expected: "a scalar or \(x.dimensions[axis]) numbers", found: "\(scale)")
      }
      return
    }
    var expected = x.dimensions
    if let extent = x.dimensions[axis].value, blockSize > 0 {
      expected[axis] = .fixed(extent / blockSize + (extent % blockSize == 0 ? 0 : 1))
    }
    guard blockSize > 0, TensorType(scale.dataType, expected).isCompatible(with: scale) else {
      throw ScaleNetError(
        place: "input \(name)",
        expected: "one number for each block of \(blockSize) along axis \(axis) of \(x)",
        found: "\(scale)")
    }
  }
}
