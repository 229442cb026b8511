public import FileIO

/// exp(x) / sum of exp(x) along one axis.
public struct Softmax: OperatorKind {
  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public var name: String { "Softmax" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try floatsAlongAxis(inputs, axis)
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 5))
  }
}

/// The logarithm of softmax along one axis: x - log(sum of exp(x)).
public struct LogSoftmax: OperatorKind {
  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public var name: String { "LogSoftmax" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try floatsAlongAxis(inputs, axis)
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 5))
  }
}

/// 1 at the first largest element along one axis, 0 elsewhere.
public struct Hardmax: OperatorKind {
  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public var name: String { "Hardmax" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try floatsAlongAxis(inputs, axis)
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}

extension OperatorKind {
  /// The type of the one input, which has this axis and holds real floating-point numbers.
  fileprivate func floatsAlongAxis(_ inputs: [TensorType?], _ axis: Int) throws(ScaleNetError) -> [TensorType]
  {
    let x = try requireFloat(inputs, 0, "input")
    try requireAxis(axis, of: x)
    return [x]
  }
}
