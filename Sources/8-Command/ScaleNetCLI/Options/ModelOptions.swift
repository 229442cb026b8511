import ArgumentParser
import FileIO
import ScaleNetKit

/// What is read, the same in every command that reads a model.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A PyTorch checkpoint, safetensors, an ONNX model or a Keras model.", valueName: "input"))
  var input: String

  @Option(help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"))
  var structure: String?

  @Option(help: ArgumentHelp("Where the state dict stands in the checkpoint.", valueName: "key"))
  var key: String?

  func open(
    verifyChecksums: Bool = false, runningOn inputs: RunInputs? = nil
  ) throws(ScaleNetError) -> OpenedModel {
    try OpenedModel(
      path: input, key: key, structurePath: structure, verifyChecksums: verifyChecksums, runningOn: inputs)
  }
}

/// How a graph is made of weights, the same in every command that makes one.
struct GraphOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Height and width of the image: 224, or 256x320 (height first).", valueName: "size"))
  var inputSize: InputSizeArgument?

  @Flag(help: "Give the feature maps of the four stages, layer1 to layer4, instead of the logits.")
  var features = false

  @Flag(help: "End in a softmax over the classes.")
  var softmax = false

  enum Placement: String, ExpressibleByArgument, CaseIterable { case first, middle }

  @Option(
    help: ArgumentHelp(
      "Where a ResNet's bottleneck takes its step: in the first 1x1 or the 3x3; by default the naming of the weights decides.",
      valueName: "first|middle"))
  var stridePlacement: Placement?

  /// The options that were given, by name.
  var explicit: [String] {
    (stridePlacement == nil ? [] : ["--stride-placement"]) + (inputSize == nil ? [] : ["--input-size"])
      + (features ? ["--features"] : [])
      + (softmax ? ["--softmax"] : [])
  }

  func apply(to options: inout BuildOptions) {
    if let inputSize { options.inputSize = inputSize.size }
    options.features = features
    options.stridePlacement = stridePlacement.flatMap { StridePlacement(rawValue: $0.rawValue) }
    options.softmax = softmax
  }
}
