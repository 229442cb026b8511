import ArgumentParser
import ScaleNetKit

/// How an ONNX file is written.
struct ONNXOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The version of ONNX's operators, 11 to 21.", valueName: "n"))
  var opset: Int?

  @Option(
    help: ArgumentHelp(
      "The version of the file format; the lowest that fits the opset by default.", valueName: "n"))
  var irVersion: Int?

  enum ExternalData: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  @Option(help: "Weights in a file beside the model; auto: only where it would pass 2 GiB.")
  var externalData: ExternalData?

  /// The options that were given, by name.
  var explicit: [String] {
    (opset == nil ? [] : ["--opset"]) + (irVersion == nil ? [] : ["--ir-version"])
      + (externalData == nil ? [] : ["--external-data"])
  }

  var writerOptions: ONNXWriter.Options {
    var options = ONNXWriter.Options()
    if let opset { options.opset = opset }
    options.irVersion = irVersion
    options.externalData =
      switch externalData ?? .auto {
      case .auto: .automatic
      case .always: .always
      case .never: .never
      }
    return options
  }
}
