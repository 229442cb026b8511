/// Versions of the format: what is read, what is written, and which belong together.
///
/// Source: ONNX's table of versions (onnx.ai/onnx/repo-docs/Versioning.html).
enum ONNXVersion {
  /// Versions of ONNX's own operators whose meaning is known; before 7, of a few operators only.
  static let readableOpsets = 1...28
  static let writableOpsets = 11...25
  /// Versions of the file format, up to the newest that is known.
  static let irVersions = 3...14

  /// The lowest version of the file format that may carry operators of a version.
  static func leastIRVersion(opset: Int) -> Int {
    switch opset {
    case ...8: 3
    case 9: 4
    case 10: 5
    case 11: 6
    case 12...14: 7
    case 15...18: 8
    case 19, 20: 9
    case 21, 22: 10
    case 23: 11
    case 24: 12
    case 25...27: 13
    default: 14
    }
  }

  /// A range in words, for messages.
  static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
