public import FileIO

/// An operator on each element by itself: one floating-point input, whose type the output has.
public protocol UnaryElementwise: OperatorKind {
  /// What one element costs, for the count of other operations.
  static var operationsPerElement: Int { get }
}

extension UnaryElementwise {
  public static var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try requireFloat(inputs, 0, "X")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: Self.operationsPerElement))
  }
}

/// An operator on pairs of elements of A and B, with NumPy's broadcasting.
public protocol BinaryElementwise: OperatorKind {
  /// What one element costs, for the count of other operations.
  static var operationsPerElement: Int { get }
}

extension BinaryElementwise {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try TensorType.broadcasting(try require(inputs, 0, "A"), try require(inputs, 1, "B"))]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: Self.operationsPerElement))
  }
}
