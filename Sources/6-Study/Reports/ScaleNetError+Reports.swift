import FileIO

/// Why a report could not be made.
extension ScaleNetError {
  /// A chart of blocks was asked for, and the network has none that are known.
  static func noBlocks(path: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: "residual or scale-aggregation blocks to draw", found: "none")
  }

  /// A chart or page of no models at all.
  static var noModels: ScaleNetError { ScaleNetError(expected: "at least one model to draw", found: "none") }

  /// A chart of layers was asked for, and none are aligned.
  static func noLayers(path: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: "aligned layers to draw", found: "none")
  }

  /// A chart of times was asked for, and there are none.
  static func noTimes(path: String) -> ScaleNetError {
    ScaleNetError(
      path: path, expected: "times of its layers to draw, from trtexec --exportProfile", found: "none")
  }

  /// A picture larger than a PNG of this library may be, in pixels.
  static func tooLarge(width: Int, height: Int, limit: Int) -> ScaleNetError {
    ScaleNetError(
      place: "picture", expected: "sides of at most \(limit) pixels", found: "\(width) x \(height)")
  }

  /// A report could not be written as JSON.
  static func json(path: String?, reason: String) -> ScaleNetError {
    ScaleNetError(.internalFailure, path: path, place: "report as JSON", reason: reason.escapedForMessage)
  }
}
