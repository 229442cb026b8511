public import FileIO

/// The product of matrices in the last two axes, with NumPy's rules: axes before them are broadcast, a vector A counts
/// as a row and a vector B as a column, whose axis is then left out of the result.
public struct MatMul: OperatorKind {
  public static let name = "MatMul"
  public static let inputCount = 2...2

  public init() {}

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try requireFloat(inputs, 0, "A")
    let b = try requireFloat(inputs, 1, "B")
    for (type, name) in [(a, "A"), (b, "B")] where type.rank == 0 {
      throw ScaleNetError(place: "input \(name)", expected: "rank 1 or more", found: "\(type)")
    }
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    guard a.dataType == b.dataType, left[left.count - 1] == right[right.count - 2] else {
      throw ScaleNetError(
        place: "input B",
        expected: "\(a.dataType.rawValue) with \(left[left.count - 1]) rows", found: "\(b)")
    }
    var result = try TensorType.broadcasting(
      TensorType(a.dataType, Array(left.dropLast(2))), TensorType(b.dataType, Array(right.dropLast(2))))
    if a.rank > 1 { result.dimensions.append(left[left.count - 2]) }
    if b.rank > 1 { result.dimensions.append(right[right.count - 1]) }
    return [result]
  }

  /// MACs: the inner extent for each element of the output.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let a = inputs[0], let depth = a.dimensions.last else { return Cost() }
    return Cost(macs: outputs[0].elementCount.saturatingMultiplied(by: depth))
  }
}
