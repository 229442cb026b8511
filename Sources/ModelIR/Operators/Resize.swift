/// Resampling of X [N, C, H, W] along some axes.
public struct Resize: OperatorKind {
  public static let name = "Resize"
  public static let inputCount = 1...1

  /// How a value is made of its neighbours.
  public enum Mode: String, Hashable, Sendable { case nearest, linear }

  /// How a position in the output becomes one in the input. Raw values are ONNX's.
  public enum CoordinateTransformation: String, Hashable, Sendable {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case asymmetric
    case alignCorners = "align_corners"
  }

  /// How `nearest` rounds a position. Raw values are ONNX's.
  public enum NearestMode: String, Hashable, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
  }

  /// What the resized axes become.
  public enum Extent: Hashable, Sendable {
    /// Extents of the output; the scale of an axis is output over input.
    case sizes([Int])
    /// Factors; the output's extent is floor(input * factor) in Float, as runtimes compute it.
    case scales([Float])
  }

  public var mode: Mode
  public var coordinateTransformation: CoordinateTransformation
  public var nearestMode: NearestMode
  /// The resized axes, ascending; the others keep their extent.
  public var axes: [Int]
  /// One extent for each of `axes`.
  public var extent: Extent

  public init(
    mode: Mode, coordinateTransformation: CoordinateTransformation, nearestMode: NearestMode = .floor,
    axes: [Int] = [2, 3], extent: Extent
  ) {
    self.mode = mode
    self.coordinateTransformation = coordinateTransformation
    self.nearestMode = nearestMode
    self.axes = axes
    self.extent = extent
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw OperatorError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    var dimensions = x.dimensions
    switch extent {
    case .sizes(let sizes):
      guard sizes.count == axes.count, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
        throw OperatorError(place: "sizes", expected: "\(axes.count) positive extents", found: "\(sizes)")
      }
      for (axis, size) in zip(axes, sizes) { dimensions[axis] = .fixed(size) }
    case .scales(let scales):
      guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 <= 65536 }) else {
        throw OperatorError(place: "scales", expected: "\(axes.count) positive factors", found: "\(scales)")
      }
      for (axis, scale) in zip(axes, scales) {
        let size = Int((Float(try requireFixed(x, axis, "X")) * scale).rounded(.down))
        guard size > 0 else {
          throw OperatorError(
            place: "scales", expected: "at least one element", found: "\(x) times \(scales)")
        }
        dimensions[axis] = .fixed(size)
      }
    }
    return [TensorType(x.dataType, dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    // Linear: two products and an addition for each axis that is interpolated, along the path of one element.
    Cost(
      otherOperations: outputs[0].elementCount.saturatingMultiplied(by: mode == .nearest ? 1 : 3 * axes.count)
    )
  }
}
