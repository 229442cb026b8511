import ArgumentParser
import ScaleNetKit

/// How an ONNX file is written.
struct ONNXArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The version of ONNX's operators, 11 to 25.", valueName: "n"))
  var opset: Int?

  @Option(
    help: ArgumentHelp(
      "The version of the file format; the lowest that fits the opset by default.", valueName: "n"))
  var irVersion: Int?

  @Option(help: "Weights in a file beside the model; auto: only where it would pass 2 GiB.")
  var externalData: ONNXOptions.ExternalData?

  /// What the library is asked for.
  var options: ONNXOptions {
    var options = ONNXOptions()
    options.opset = opset
    options.irVersion = irVersion
    options.externalData = externalData
    return options
  }
}
