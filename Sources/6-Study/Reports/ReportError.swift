import FileIO

/// Why a report could not be made.
public enum ReportError: Error, Equatable, Sendable {
  /// A chart of blocks was asked for, and the network has none that are known.
  case noBlocks(path: String)
  /// A chart or page of no models at all.
  case noModels
  /// A chart of layers was asked for, and none are aligned.
  case noLayers(path: String)
  /// A picture larger than a PNG of this library may be, in pixels.
  case tooLarge(width: Int, height: Int, limit: Int)
  /// The drawing library failed.
  case drawing(reason: String)
  /// A report could not be written as JSON.
  case json(path: String, reason: String)
}

extension ReportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noBlocks(let path):
      "\(path.escapedForMessage): expected residual or scale-aggregation blocks to draw, found none"
    case .noModels:
      "expected at least one model to draw, found none"
    case .noLayers(let path):
      "\(path.escapedForMessage): expected aligned layers to draw, found none"
    case .tooLarge(let width, let height, let limit):
      "picture: expected sides of at most \(limit) pixels, found \(width) x \(height)"
    case .drawing(let reason):
      "picture: \(reason.escapedForMessage)"
    case .json(let path, let reason):
      "\(path.escapedForMessage): report as JSON: \(reason.escapedForMessage)"
    }
  }
}
