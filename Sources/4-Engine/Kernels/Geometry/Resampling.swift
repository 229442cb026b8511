/// ONNX's Resize of images, made concrete for one size: where every output pixel takes its values from.
public struct Resampling: Hashable, Sendable {
  /// How values between pixels are found.
  public enum Mode: Hashable, Sendable {
    /// The element that is nearest.
    case nearest(Rounding)
    /// Between the two neighbours, by their distance.
    case linear
  }

  /// ONNX's `nearest_mode`.
  public enum Rounding: Hashable, Sendable {
    /// How a position between two elements is rounded; ONNX's `nearest_mode`.
    case floor, ceil, roundPreferFloor, roundPreferCeil
  }

  /// ONNX's `coordinate_transformation_mode`.
  public enum Coordinates: Hashable, Sendable {
    /// ONNX's `coordinate_transformation_mode`, by its names.
    case halfPixel, halfPixelSymmetric, pytorchHalfPixel, alignCorners, asymmetric, tfHalfPixelForNN
  }

  /// Sources along one axis: output i is `lower[i]` and `upper[i]` mixed, `fraction[i]` of the upper.
  public struct Axis: Hashable, Sendable {
    /// For each output position the input position before it.
    public let lower: [Int]
    /// For each output position the input position behind it.
    public let upper: [Int]
    /// For each output position the share of `upper`, 0 to 1.
    public let fraction: [Double]
    /// The same as the fast kernels read it.
    let narrow: Narrow

    init(lower: [Int], upper: [Int], fraction: [Double]) {
      self.lower = lower
      self.upper = upper
      self.fraction = fraction
      narrow = Narrow(
        lower: lower.map { Int32(truncatingIfNeeded: $0) },
        upper: upper.map { Int32(truncatingIfNeeded: $0) },
        fraction: fraction.map { Float($0) })
    }
  }

  /// An axis in 32-bit numbers: good where `fitsBlocks` says so.
  struct Narrow: Hashable, Sendable {
    let lower: [Int32]
    let upper: [Int32]
    let fraction: [Float]
  }

  /// Height and width before.
  public let input: Extent
  /// Height and width afterwards.
  public let output: Extent
  /// Whether neighbours are mixed; otherwise `lower` alone counts.
  public let isLinear: Bool
  /// What each output row reads.
  public let rows: Axis
  /// What each output column reads.
  public let columns: Axis

  /// `scales` are output over input, as the graph states them; nil for the ratio of the sizes.
  public init(
    _ mode: Mode, _ coordinates: Coordinates, input: Extent, output: Extent,
    scales: (height: Float, width: Float)? = nil
  ) {
    precondition(min(input.height, input.width) > 0 || output.area == 0)
    self.input = input
    self.output = output
    isLinear = mode == .linear
    rows = Self.axis(mode, coordinates, input.height, output.height, scales?.height)
    columns = Self.axis(mode, coordinates, input.width, output.width, scales?.width)
  }

  /// Whether the fast kernels' 32-bit numbers hold all places.
  package var fitsBlocks: Bool {
    [input.height, input.width, output.height, output.width].allSatisfy { $0 < 1 << 28 }
  }

  /// Coordinates are found in Float where the nearest pixel is wanted: the last bit decides which one it is, and
  /// that is the arithmetic of the runtimes. Linear mixing is continuous and takes the better precision.
  private static func axis(
    _ mode: Mode, _ coordinates: Coordinates, _ input: Int, _ output: Int, _ scale: Float?
  ) -> Axis {
    let last = max(input - 1, 0)
    switch mode {
    case .nearest(let rounding):
      let lower = nearest(rounding, coordinates, input: input, output: output, scale: scale)
      return Axis(lower: lower, upper: lower, fraction: [Double](repeating: 0, count: output))
    case .linear:
      let scale = scale.map(Double.init) ?? Double(output) / Double(input)
      let places = (0..<output).map { index in
        min(max(place(index, coordinates, Double(input), Double(output), scale), 0), Double(last))
      }
      let lower = places.map { Int($0) }
      return Axis(
        lower: lower, upper: lower.map { min($0 + 1, last) },
        fraction: zip(places, lower).map { $0 - Double($1) })
    }
  }

  /// The source of each index along an axis of any array. `scale` as in the initializer; `input` is not 0.
  public static func nearest(
    _ rounding: Rounding, _ coordinates: Coordinates, input: Int, output: Int, scale: Float? = nil
  ) -> [Int] {
    let scale = scale ?? Float(output) / Float(input)
    return (0..<output).map { index in
      let place = place(index, coordinates, Float(input), Float(output), scale)
      let rounded: Float
      switch rounding {
      case .floor: rounded = place.rounded(.down)
      case .ceil: rounded = place.rounded(.up)
      case .roundPreferFloor: rounded = (place - 0.5).rounded(.up)
      case .roundPreferCeil: rounded = (place + 0.5).rounded(.down)
      }
      return min(Int(max(rounded, 0)), input - 1)
    }
  }

  /// The coordinate in the input that output pixel `index` stands for.
  static func place<Scalar: BinaryFloatingPoint>(
    _ index: Int, _ coordinates: Coordinates, _ input: Scalar, _ output: Scalar, _ scale: Scalar
  ) -> Scalar {
    let index = Scalar(index)
    switch coordinates {
    case .halfPixel: return (index + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      // The output covers the middle of the input where the scale is not the ratio of the extents.
      return input / 2 * (1 - output / (scale * input)) + (index + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (index + 0.5) / scale - 0.5 : 0
    case .alignCorners: return output > 1 ? index * (input - 1) / (output - 1) : 0
    case .asymmetric: return index / scale
    case .tfHalfPixelForNN: return (index + 0.5) / scale
    }
  }
}
