public import FileIO

/// The inputs one after another along an axis.
public struct Concat: OperatorKind {
  public static let name = "Concat"
  public static let inputCount = 1...4096

  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let first = try require(inputs, 0, "0")
    guard (0..<first.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "0 to \(first.rank - 1)", found: "\(axis)")
    }
    var result = first
    var sum = 0
    for index in inputs.indices {
      let type = try require(inputs, index, "\(index)")
      var expected = first
      if type.rank == first.rank { expected.dimensions[axis] = type.dimensions[axis] }
      guard type == expected else {
        throw ScaleNetError(place: "input \(index)", expected: "\(expected)", found: "\(type)")
      }
      let (total, overflow) = sum.addingReportingOverflow(try requireFixed(type, axis, "\(index)"))
      if overflow {
        throw ScaleNetError(place: "input \(index)", expected: "a sum in range", found: "\(type)")
      }
      sum = total
    }
    result.dimensions[axis] = .fixed(sum)
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
