public import FileIO

/// The mean over some axes.
public struct ReduceMean: OperatorKind {
  public static let name = "ReduceMean"
  public static let inputCount = 1...1

  /// The axes, ascending; none for the input itself.
  public var axes: [Int]
  /// Whether these axes stay, with an extent of 1.
  public var keepsAxes: Bool

  public init(axes: [Int], keepsAxes: Bool = true) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "data")
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    let dimensions = x.dimensions.enumerated().compactMap { axis, dimension -> Dimension? in
      axes.contains(axis) ? (keepsAxes ? 1 : nil) : dimension
    }
    return [TensorType(x.dataType, dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs[0]?.elementCount ?? 0)
  }
}
