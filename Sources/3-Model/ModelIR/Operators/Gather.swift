public import FileIO

/// Chosen positions of one axis, in the shape of the indices: data [before..., extent, after...] becomes
/// [before..., indexShape..., after...].
public struct Gather: OperatorKind {
  public static let name = "Gather"
  public static let inputCount = 1...1

  /// The axis, not negative.
  public var axis: Int
  /// Positions from 0 on, row-major.
  public var indices: [Int]
  /// Extents of the indices; none for a single index, which takes the axis away.
  public var indexShape: [Int]

  public init(axis: Int, indices: [Int], indexShape: [Int]) {
    self.axis = axis
    self.indices = indices
    self.indexShape = indexShape
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "data")
    guard (0..<x.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "an axis of \(x)", found: "\(axis)")
    }
    let extent = try requireFixed(x, axis, "data")
    guard TensorShape(checking: indexShape)?.elementCount == indices.count else {
      throw ScaleNetError(
        place: "indices", expected: "as many as the extents \(indexShape) hold", found: "\(indices.count)")
    }
    if let outside = indices.first(where: { !(0..<extent).contains($0) }) {
      throw ScaleNetError(
        place: "indices", expected: "positions of axis \(axis) of \(x)", found: "\(outside)")
    }
    x.dimensions.replaceSubrange(axis...axis, with: indexShape.map(Dimension.fixed))
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
