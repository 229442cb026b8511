import FileIO
import ONNXFormat

extension ONNXWriter.Options {
  /// Says which command option is wrong, before any work.
  func check() throws(ScaleNetError) {
    let opsets = ONNXWriter.Options.opsets
    guard opsets.contains(opset) else {
      throw .invalidOption(
        "opset", expected: "\(opsets.lowerBound) to \(opsets.upperBound)", found: "\(opset)")
    }
    let versions = ONNXWriter.Options.irVersions(opset: opset)
    guard let irVersion, !versions.contains(irVersion) else { return }
    throw .invalidOption(
      "irVersion", expected: "\(versions.lowerBound) to \(versions.upperBound) for opset \(opset)",
      found: "\(irVersion)")
  }
}
