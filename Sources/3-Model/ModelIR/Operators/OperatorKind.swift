public import FileIO

/// What every operator knows of itself.
public protocol OperatorKind: Hashable, Sendable {
  /// ONNX's `op_type`.
  static var name: String { get }
  /// How many inputs there may be, those left out included.
  static var inputCount: ClosedRange<Int> { get }
  /// The types of the outputs. Fails if the inputs do not fit.
  func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType]
  /// What one run costs. Inputs that are left out are nil.
  func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost
}

extension OperatorKind {
  /// The type of an input that must be there.
  func require(_ inputs: [TensorType?], _ index: Int, _ name: String) throws(ScaleNetError) -> TensorType {
    guard index < inputs.count, let type = inputs[index] else {
      throw ScaleNetError(place: "input \(name)", expected: "a value", found: "none")
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
    let type = try require(inputs, index, name)
    guard type.dataType.isFloatingPoint else {
      throw ScaleNetError(place: "input \(name)", expected: "floating-point elements", found: "\(type)")
    }
    return type
  }

  /// Fails unless an input that is there is a vector of `count` elements.
  func requireVector(
    _ inputs: [TensorType?], _ index: Int, _ name: String, count: Int, of dataType: DataType
  ) throws(ScaleNetError) {
    guard index < inputs.count, let type = inputs[index] else { return }
    guard type == TensorType(dataType, [.fixed(count)]) else {
      throw ScaleNetError(
        place: "input \(name)", expected: "\(TensorType(dataType, [.fixed(count)]))", found: "\(type)")
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
}
