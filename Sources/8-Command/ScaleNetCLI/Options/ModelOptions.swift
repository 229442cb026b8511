import ArgumentParser
import FileIO
import ScaleNetKit

/// What is read, the same in every command that reads a model.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A PyTorch checkpoint, safetensors, an ONNX model, a Keras model, or a directory with one in shards.",
      valueName: "input"), completion: .model)
  var input: String

  @Option(
    help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"),
    completion: .structure)
  var structure: String?

  @OptionGroup var weights: WeightsArguments

  /// What the model is opened with.
  func opening(inputSize: InputSize? = nil) -> OpeningOptions {
    OpeningOptions(
      key: weights.key, prefix: weights.prefix, structurePath: structure, inputSize: inputSize)
  }

  func open() throws(ScaleNetError) -> Model { try Model.open(input, opening()) }
}

/// Which weights of a file are read, the same in every command that reads some.
struct WeightsArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the state dict stands in the checkpoint; ema.state_dict for one within another.",
      valueName: "key"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "What the weights' names begin with, to choose one of several networks: student.", valueName: "prefix"))
  var prefix: String?
}

/// How a graph is made of weights, the same in every command that makes one.
struct GraphArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Height and width of the image: 224, or 256x320 (height first).", valueName: "size"))
  var inputSize: InputSize?

  @Flag(help: "Give the feature maps of the four stages, layer1 to layer4, instead of the logits.")
  var features = false

  @Flag(help: "End in a softmax over the classes.")
  var softmax = false

  @Option(
    help: ArgumentHelp(
      "Where a ResNet's bottleneck takes its step: in the first 1x1 or the 3x3; by default the naming of the weights decides.",
      valueName: "first|middle"))
  var stridePlacement: StridePlacement?

  @Option(
    help: ArgumentHelp("What BatchNormalization adds to the variance; 1e-5 by default.", valueName: "x"))
  var epsilon: Float?

  @Option(
    help: ArgumentHelp(
      "The function behind normalisations: \(Activation.allCases.map(\.rawValue).joined(separator: ", ")); relu by default.",
      valueName: "name"))
  var activation: Activation?

  @Option(
    help: ArgumentHelp(
      "Dilate a ResNet's last stages, so that the last map has a pixel for 8 or 16 of the image's; 32 by default.",
      valueName: "8|16|32"))
  var outputStride: Int?

  @Option(
    help: ArgumentHelp(
      "What takes a ResNet's steps in place of its 3x3 convolutions, as in resnetaa50 and resnetblur50.",
      valueName: "average|blur"))
  var antiAliasing: AntiAliasing?

  @Option(
    help: ArgumentHelp(
      "Whether a GoogLeNet rescales its image, as torchvision's published one does; true by default.",
      valueName: "true|false"))
  var rescalesInput: Bool?

  @Option(
    help: ArgumentHelp(
      "Whether a MixNet has TensorFlow's margins and epsilon, as tf_mixnet_s has; false by default.",
      valueName: "true|false"))
  var padsLikeTensorFlow: Bool?

  /// What the library is asked for.
  var options: GraphOptions {
    var options = GraphOptions(inputSize: inputSize)
    options.features = features
    options.softmax = softmax
    options.stridePlacement = stridePlacement
    options.epsilon = epsilon
    options.activation = activation
    options.outputStride = outputStride
    options.antiAliasing = antiAliasing
    options.rescalesInput = rescalesInput
    options.padsLikeTensorFlow = padsLikeTensorFlow
    return options
  }
}
