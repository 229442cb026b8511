public import FileIO

/// Blocks of channels as pixels: X [N, C, H, W] becomes [N, C / b^2, H * b, W * b].
public struct DepthToSpace: OperatorKind {
  /// The order of the channels. Raw values are ONNX's.
  public enum Mode: String, Hashable, Sendable {
    /// Row and column of the block stand before what stays of the channels.
    case depthColumnRow = "DCR"
    /// They stand after it, as PyTorch's pixel shuffle has them.
    case columnRowDepth = "CRD"
  }

  /// The extent b of a block.
  public var blockSize: Int
  /// In which order the channels of a block stand.
  public var mode: Mode

  public init(blockSize: Int, mode: Mode = .depthColumnRow) {
    self.blockSize = blockSize
    self.mode = mode
  }

  public var name: String { "DepthToSpace" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try requireFourAxes(inputs)
    let channels = try requireFixed(x, 1, "input")
    guard (1...1 << 16).contains(blockSize), channels % (blockSize * blockSize) == 0 else {
      throw ScaleNetError(
        place: "blocksize", expected: "blocks of \(channels) channels", found: "\(blockSize)")
    }
    x.dimensions[1] = .fixed(channels / (blockSize * blockSize))
    for axis in 2..<4 {
      guard let extent = try extent(x, axis, "input") else { continue }
      x.dimensions[axis] = .fixed(extent.saturatingMultiplied(by: blockSize))
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// Blocks of pixels as channels: X [N, C, H, W] becomes [N, C * b^2, H / b, W / b].
public struct SpaceToDepth: OperatorKind {
  /// The extent b of a block.
  public var blockSize: Int
  /// The order of the channels, as `DepthToSpace` takes it.
  public var mode: DepthToSpace.Mode

  public init(blockSize: Int, mode: DepthToSpace.Mode = .depthColumnRow) {
    self.blockSize = blockSize
    self.mode = mode
  }

  public var name: String { "SpaceToDepth" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try requireFourAxes(inputs)
    guard (1...1 << 16).contains(blockSize) else {
      throw ScaleNetError(place: "blocksize", expected: "1 to 65536", found: "\(blockSize)")
    }
    x.dimensions[1] = .fixed(try requireFixed(x, 1, "input").saturatingMultiplied(by: blockSize * blockSize))
    for axis in 2..<4 {
      guard let extent = try extent(x, axis, "input") else { continue }
      guard extent % blockSize == 0 else {
        throw ScaleNetError(place: "blocksize", expected: "blocks of \(x)", found: "\(blockSize)")
      }
      x.dimensions[axis] = .fixed(extent / blockSize)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// Samples of X [N, C, ...] at places that the graph computes: grid [N, ..., axes] has coordinates from -1 to 1, the
/// last axis first (x, y, z). The output is [N, C, ...] with the grid's extents.
public struct GridSample: OperatorKind {
  /// How a value is made of its neighbours. Raw values are ONNX's.
  public enum Mode: String, Hashable, Sendable { case linear, nearest, cubic }
  /// What stands outside of the image. Raw values are ONNX's.
  public enum Padding: String, Hashable, Sendable { case zeros, border, reflection }

  /// How a value is made of the pixels around it.
  public var mode: Mode
  /// What a position outside of the image reads.
  public var padding: Padding
  /// Whether -1 and 1 are the middles of the first and last pixel, otherwise their outer edges.
  public var alignsCorners: Bool

  public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  public var name: String { "GridSample" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try requireFloat(inputs, 0, "X")
    let grid = try requireFloat(inputs, 1, "grid")
    guard x.rank == 4 || (x.rank == 5 && mode != .cubic) else {
      throw ScaleNetError(
        place: "input X", expected: mode == .cubic ? "rank 4" : "rank 4 or 5", found: "\(x)")
    }
    guard grid.rank == x.rank, grid.dimensions[x.rank - 1].isCompatible(with: .fixed(x.rank - 2)),
      grid.dimensions[0].isCompatible(with: x.dimensions[0])
    else {
      throw ScaleNetError(
        place: "input grid", expected: "\(x.rank - 2) coordinates for each place of \(x)", found: "\(grid)")
    }
    return [TensorType(x.dataType, Array(x.dimensions[..<2]) + Array(grid.dimensions[1..<(x.rank - 1)]))]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let perElement =
      switch mode {
      case .nearest: 1
      case .linear: 8
      case .cubic: 40
      }
    return Cost(otherOperations: outputs[0].elementCount.saturatingMultiplied(by: perElement))
  }
}

/// Regions of X [N, C, H, W] brought to one size: rois [R, 4] (left, top, right, bottom) of the images batch_indices
/// [R] (int64) become [R, C, height, width].
public struct RoiAlign: OperatorKind {
  /// What becomes of the samples of a cell. Raw values are ONNX's.
  public enum Mode: String, Hashable, Sendable { case avg, max }

  /// Whether a cell is the mean or the largest of its samples.
  public var mode: Mode
  /// Cells of the output along the height of a region.
  public var outputHeight: Int
  /// Cells of the output along the width of a region.
  public var outputWidth: Int
  /// Samples along each axis of a cell of the output; 0 for as many as the cell has pixels.
  public var samplingRatio: Int
  /// Pixels of X for one unit of the regions.
  public var spatialScale: Float
  /// Whether a pixel's middle is at half (ONNX's `half_pixel`); otherwise it is at its index.
  public var isHalfPixel: Bool

  public init(
    mode: Mode = .avg, outputHeight: Int = 1, outputWidth: Int = 1, samplingRatio: Int = 0,
    spatialScale: Float = 1, isHalfPixel: Bool = true
  ) {
    self.mode = mode
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.samplingRatio = samplingRatio
    self.spatialScale = spatialScale
    self.isHalfPixel = isHalfPixel
  }

  public var name: String { "RoiAlign" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "X", rank: 4)
    let rois = try require(inputs, 1, "rois", rank: 2)
    let images = try require(inputs, 2, "batch_indices")
    guard rois.dimensions[1].isCompatible(with: 4) else {
      throw ScaleNetError(place: "input rois", expected: "4 numbers each", found: "\(rois)")
    }
    guard images.isCompatible(with: TensorType(.int64, [rois.dimensions[0]])) else {
      throw ScaleNetError(
        place: "input batch_indices", expected: "\(TensorType(.int64, [rois.dimensions[0]]))",
        found: "\(images)")
    }
    guard (1...1 << 16).contains(outputHeight), (1...1 << 16).contains(outputWidth),
      (0...1 << 12).contains(samplingRatio)
    else {
      throw ScaleNetError(
        place: "output_height", expected: "sizes in range",
        found: "\(outputHeight) x \(outputWidth), \(samplingRatio) samples")
    }
    return [
      TensorType(
        x.dataType, [rois.dimensions[0], x.dimensions[1], .fixed(outputHeight), .fixed(outputWidth)])
    ]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let samples = max(samplingRatio, 1)
    return Cost(
      otherOperations: outputs[0].elementCount.saturatingMultiplied(by: 8 * samples * samples))
  }
}

/// The boxes that remain when those are left out that overlap a better one of their class: int64 [count, 3] with image,
/// class and box, count known only when run.
///
/// Inputs boxes [N, B, 4], scores [N, classes, B], max_output_boxes_per_class (int64), iou_threshold and
/// score_threshold, the last three scalars that may be left out.
public struct NonMaxSuppression: OperatorKind {
  /// Whether boxes are centre and size (x, y, width, height), otherwise two corners (y1, x1, y2, x2).
  public var isCenterPoint: Bool

  public init(isCenterPoint: Bool = false) {
    self.isCenterPoint = isCenterPoint
  }

  public var name: String { "NonMaxSuppression" }
  public var inputCount: ClosedRange<Int> { 2...5 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let boxes = try require(inputs, 0, "boxes", rank: 3)
    let scores = try require(inputs, 1, "scores", rank: 3)
    guard boxes.dimensions[2].isCompatible(with: 4) else {
      throw ScaleNetError(place: "input boxes", expected: "4 numbers each", found: "\(boxes)")
    }
    guard scores.dimensions[0].isCompatible(with: boxes.dimensions[0]),
      scores.dimensions[2].isCompatible(with: boxes.dimensions[1])
    else {
      throw ScaleNetError(
        place: "input scores", expected: "one for each class and box of \(boxes)", found: "\(scores)")
    }
    for (index, name) in [(2, "max_output_boxes_per_class"), (3, "iou_threshold"), (4, "score_threshold")] {
      guard let type = optional(inputs, index) else { continue }
      let domain: ElementDomain = index == 2 ? .integer : .float
      guard domain.contains(type.dataType), type.shape.map({ $0.elementCount == 1 }) ?? true else {
        throw ScaleNetError(place: "input \(name)", expected: "one number", found: "\(type)")
      }
    }
    return [TensorType(.int64, [.unknown, 3])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: (inputs[1]?.elementCount ?? 0).saturatingMultiplied(by: 16))
  }
}

extension OperatorKind {
  /// The type of the input, which is [N, C, H, W].
  fileprivate func requireFourAxes(_ inputs: [TensorType?]) throws(ScaleNetError) -> TensorType {
    let x = try require(inputs, 0, "input")
    guard x.rank == 4 else { throw ScaleNetError(place: "input input", expected: "rank 4", found: "\(x)") }
    return x
  }
}
