public import FileIO

/// Resampling of X along some axes, one after the other.
public struct Resize: OperatorKind {
  public var name: String { "Resize" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  /// How a value is made of its neighbours.
  public enum Mode: String, Hashable, Sendable { case nearest, linear, cubic }

  /// How a position in the output becomes one in the input. Raw values are ONNX's.
  public enum CoordinateTransformation: String, Hashable, Sendable {
    /// (x + 0.5) / scale - 0.5: PyTorch's, with align_corners=False.
    case halfPixel = "half_pixel"
    /// `halfPixel` about the middle of the image, where the output's extent was rounded.
    case halfPixelSymmetric = "half_pixel_symmetric"
    /// `halfPixel`, but 0 where the output's extent is 1.
    case pytorchHalfPixel = "pytorch_half_pixel"
    /// x / scale.
    case asymmetric
    /// x * (input - 1) / (output - 1): the middles of the corners meet.
    case alignCorners = "align_corners"
    /// (x + 0.5) / scale: TensorFlow 1's, for `nearest`.
    case tfHalfPixelForNN = "tf_half_pixel_for_nn"
  }

  /// How `nearest` rounds a position. Raw values are ONNX's.
  public enum NearestMode: String, Hashable, Sendable {
    /// To the nearest, halves down.
    case roundPreferFloor = "round_prefer_floor"
    /// To the nearest, halves up.
    case roundPreferCeil = "round_prefer_ceil"
    /// Always down; always up.
    case floor, ceil
  }

  /// What the resized axes become.
  public enum Extent: Hashable, Sendable {
    /// Extents of the output; the scale of an axis is output over input.
    case sizes([Int])
    /// Factors; the output's extent is floor(input * factor) in Float, as runtimes compute it.
    case scales([Float])
    /// Extents of the output that are factors of the input's, rounded in any way; positions follow from the factors.
    case rounded(sizes: [Int], scales: [Float])

    /// The extents of the output, if they are stated.
    public var sizes: [Int]? {
      switch self {
      case .sizes(let sizes), .rounded(let sizes, _): sizes
      case .scales: nil
      }
    }

    /// The factors that positions follow from, if they are stated.
    public var scales: [Float]? {
      switch self {
      case .sizes: nil
      case .scales(let scales), .rounded(_, let scales): scales
      }
    }
  }

  /// How a value is made of its neighbours.
  public var mode: Mode
  /// How a position in the output becomes one in the input.
  public var coordinateTransformation: CoordinateTransformation
  /// How `nearest` rounds a position; without a meaning for the other modes.
  public var nearestMode: NearestMode
  /// The resized axes, ascending; the others keep their extent.
  public var axes: [Int]
  /// One extent for each of `axes`.
  public var extent: Extent
  /// The `a` of the cubic kernel by Keys (1981).
  public var cubicCoefficient: Float
  /// Whether `linear` and `cubic` leave out neighbours outside of the input and share their weight among the others;
  /// otherwise the nearest element stands in for them.
  public var excludesOutside: Bool
  /// Whether `linear` and `cubic` widen their kernel where they shrink an axis.
  public var antialias: Bool

  public init(
    mode: Mode, coordinateTransformation: CoordinateTransformation, nearestMode: NearestMode = .floor,
    axes: [Int] = [2, 3], extent: Extent, cubicCoefficient: Float = -0.75, excludesOutside: Bool = false,
    antialias: Bool = false
  ) {
    self.mode = mode
    self.coordinateTransformation = coordinateTransformation
    self.nearestMode = nearestMode
    self.axes = axes
    self.extent = extent
    self.cubicCoefficient = cubicCoefficient
    self.excludesOutside = excludesOutside
    self.antialias = antialias
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "X", .number)
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    if let axis = axes.first(where: { x.dimensions[$0] == 0 }) {
      throw ScaleNetError(place: "input X, axis \(axis)", expected: "at least one element", found: "\(x)")
    }
    var dimensions = x.dimensions
    guard cubicCoefficient.isFinite else {
      throw ScaleNetError(place: "cubic_coeff_a", expected: "a finite number", found: "\(cubicCoefficient)")
    }
    switch extent {
    case .sizes(let sizes), .rounded(let sizes, _):
      if let scales = extent.scales {
        guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 <= 65536 }) else {
          throw ScaleNetError(
            place: "scales", expected: "\(axes.count) positive factors", found: "\(scales)")
        }
      }
      guard sizes.count == axes.count, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
        throw ScaleNetError(place: "sizes", expected: "\(axes.count) positive extents", found: "\(sizes)")
      }
      for (axis, size) in zip(axes, sizes) { dimensions[axis] = .fixed(size) }
    case .scales(let scales):
      guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 <= 65536 }) else {
        throw ScaleNetError(place: "scales", expected: "\(axes.count) positive factors", found: "\(scales)")
      }
      for (axis, scale) in zip(axes, scales) {
        guard let extent = try extent(x, axis, "X") else { continue }
        let size = (Float(extent) * scale).rounded(.down)
        guard size > 0, size <= 16_777_216 else {
          throw ScaleNetError(
            place: "scales", expected: "1 to 16777216 elements", found: "\(x) times \(scales)")
        }
        dimensions[axis] = .fixed(Int(size))
      }
    }
    return [TensorType(x.dataType, dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    // Products and additions for each axis that is interpolated, along the path of one element.
    let perAxis =
      switch mode {
      case .nearest: 0
      case .linear: 3
      case .cubic: 7
      }
    return Cost(
      otherOperations: outputs[0].elementCount.saturatingMultiplied(by: max(1, perAxis * axes.count)))
  }
}
