import FileIO

extension TensorType {
  /// The type that NumPy's broadcasting gives two inputs: axes are aligned at the end, an extent of 1 is stretched.
  static func broadcasting(_ left: TensorType, _ right: TensorType) throws(ScaleNetError) -> TensorType {
    func mismatch() -> ScaleNetError {
      ScaleNetError(place: "input B", expected: "what can be broadcast with \(left)", found: "\(right)")
    }
    guard left.dataType == right.dataType else { throw mismatch() }
    let rank = max(left.rank, right.rank)
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      let a = axis < rank - left.rank ? 1 : left.dimensions[axis - (rank - left.rank)]
      let b = axis < rank - right.rank ? 1 : right.dimensions[axis - (rank - right.rank)]
      if a == b || b == 1 {
        dimensions.append(a)
      } else if a == 1 {
        dimensions.append(b)
      } else if a.value == nil || b.value == nil {
        // What is open may be 1: only a known extent decides, and two open ones that differ say nothing.
        let known = a.value == nil ? b : a
        dimensions.append(known.value == nil ? .unknown : known)
      } else {
        throw mismatch()
      }
    }
    return TensorType(left.dataType, dimensions)
  }

  /// Whether values of both types can be the same: element types and ranks are equal, and no two extents contradict
  /// each other.
  public func isCompatible(with other: TensorType) -> Bool {
    dataType == other.dataType && rank == other.rank
      && zip(dimensions, other.dimensions).allSatisfy { $0.isCompatible(with: $1) }
  }
}
