public import FileIO

/// The inputs one after another along an axis.
public struct Concat: OperatorKind {
  public var name: String { "Concat" }
  public var inputCount: ClosedRange<Int> { 1...4096 }

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
    var isKnown = true
    for index in inputs.indices {
      let type = try require(inputs, index, "\(index)")
      var expected = first
      if type.rank == first.rank { expected.dimensions[axis] = type.dimensions[axis] }
      guard type.isCompatible(with: expected) else {
        throw ScaleNetError(place: "input \(index)", expected: "\(expected)", found: "\(type)")
      }
      for other in 0..<first.rank where other != axis {
        result.dimensions[other] = result.dimensions[other].merged(with: type.dimensions[other])
      }
      guard let extent = try extent(type, axis, "\(index)") else {
        isKnown = false
        continue
      }
      let (total, overflow) = sum.addingReportingOverflow(extent)
      if overflow {
        throw ScaleNetError(place: "input \(index)", expected: "a sum in range", found: "\(type)")
      }
      sum = total
    }
    result.dimensions[axis] = isKnown ? .fixed(sum) : .unknown
    return [result]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
