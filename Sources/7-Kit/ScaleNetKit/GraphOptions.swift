public import Architectures
import FileIO
public import ModelIR

/// How a graph is made of weights, or a graph of a file is changed, and which parts of it are wanted. What is nil or false
/// is not asked for; what is asked for and cannot be followed is an error.
public struct GraphOptions: Sendable, Hashable {
  /// Height and width of the image; 224 x 224 if nil, or what the other side of a comparison has. An ONNX or
  /// Keras model that leaves them open gets this size.
  public var inputSize: InputSize?
  /// The extent of the batch axis; open if nil.
  public var batch: Dimension?
  /// Give the feature maps of the four stages, `layer1` to `layer4`, instead of the logits.
  public var features = false
  /// End in a softmax over the classes.
  public var softmax = false
  /// Where a bottleneck block takes its step, which weights do not tell; nil follows the naming of the weights.
  public var stridePlacement: StridePlacement?
  /// What every BatchNormalization adds to the variance, above 0; nil for what a configuration beside the weights says,
  /// or 1e-5.
  public var epsilon: Float?
  /// The function behind normalisations; nil for what a configuration beside the weights says, or ReLU.
  public var activation: Activation?
  /// The step between neighbours of the last feature map, in pixels of the image: 8 or 16 dilate the kernels of a ResNet's
  /// last stages in place of steps; nil for 32.
  public var outputStride: Int?
  /// What takes a ResNet's steps of 2 in place of convolutions; nil for what a configuration beside the weights says, or
  /// nothing.
  public var antiAliasing: AntiAliasing?
  /// Whether a GoogLeNet rescales the image within the network; nil does, as with torchvision's published weights.
  public var rescalesInput: Bool?
  /// Whether a MixNet has TensorFlow's margins and epsilon; nil for what a configuration beside the weights says, or not.
  public var padsLikeTensorFlow: Bool?
  /// The name of the graph's input; `input` if nil.
  public var inputName: String?
  /// The name of the graph's output; `output` if nil.
  public var outputName: String?

  /// Nothing asked for: logits of images of 224 x 224.
  public init(inputSize: InputSize? = nil) {
    self.inputSize = inputSize
  }

  /// The names of the options that are asked for.
  var given: [String] {
    assumed + (inputSize == nil ? [] : ["inputSize"])
      + (features ? ["features"] : []) + (softmax ? ["softmax"] : [])
      + (inputName == nil ? [] : ["inputName"])
      + (outputName == nil ? [] : ["outputName"]) + (batch == nil ? [] : ["batch"])
  }

  /// The names of those that take the place of an assumption.
  var assumed: [String] {
    (stridePlacement == nil ? [] : ["stridePlacement"]) + (epsilon == nil ? [] : ["epsilon"])
      + (activation == nil ? [] : ["activation"]) + (outputStride == nil ? [] : ["outputStride"])
      + (antiAliasing == nil ? [] : ["antiAliasing"]) + (rescalesInput == nil ? [] : ["rescalesInput"])
      + (padsLikeTensorFlow == nil ? [] : ["padsLikeTensorFlow"])
  }

  /// What the architectures' builder is told.
  var build: BuildOptions {
    var build = BuildOptions(features: features, softmax: softmax, stridePlacement: stridePlacement)
    build.choices = Choices(
      epsilon: epsilon, activation: activation, outputStride: outputStride)
    build.antiAliasing = antiAliasing
    build.rescalesInput = rescalesInput
    build.padsLikeTensorFlow = padsLikeTensorFlow
    if let inputSize { build.inputSize = inputSize }
    if let batch { build.batch = batch }
    if let inputName { build.inputName = inputName }
    if let outputName { build.outputName = outputName }
    return build
  }

  /// Fails if something is out of range or contradicts itself.
  func check() throws(ScaleNetError) {
    try Limits.check(inputSize?.height, Limits.inputSide, "inputSize")
    try Limits.check(inputSize?.width, Limits.inputSide, "inputSize")
    try Limits.check(batch?.value, Limits.batch, "batch")
    if let epsilon, !(epsilon > 0 && epsilon < 1) {
      throw .invalidOption("epsilon", expected: "a number above 0 and below 1", found: "\(epsilon)")
    }
    if let outputStride, ![8, 16, 32].contains(outputStride) {
      throw .invalidOption("outputStride", expected: "8, 16 or 32", found: "\(outputStride)")
    }
    if outputName != nil, features {
      throw .invalidOption("outputName", "the outputs of features are layer1 to layer4")
    }
  }
}

extension Model {
  /// The graph that the options ask for.
  ///
  /// A graph of the model's own follows the options too: its batch is opened or fixed, open heights and widths are set,
  /// inputs and outputs renamed, feature maps given where there are four stages of residual blocks, a softmax added.
  ///
  /// - Throws: if an option cannot be followed, with the reason: a graph is made for another size, has its batch built in,
  ///   has several inputs to rename, or ends in a softmax already.
  public func graph(_ options: GraphOptions = GraphOptions()) throws(ScaleNetError) -> Graph {
    try options.check()
    switch content {
    case .weights(let weights, let architecture):
      return try architecture.graph(weights, options: build(options))
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      var options = options
      // The size that the graph has is none to change, also where its images have their channels last.
      if let size = options.inputSize, imageInputSize == size { options.inputSize = nil }
      guard !options.given.isEmpty else { return model.graph }
      return try GraphAdaptation(model.graph, options, path: path).graph
    }
  }
}

extension Model {
  /// What the builder is told: what was asked for, and beside it what a configuration says.
  func build(_ options: GraphOptions) -> BuildOptions {
    var build = options.build
    guard let configuration else { return build }
    build.stridePlacement = build.stridePlacement ?? configuration.stridePlacement
    build.choices.activation = build.choices.activation ?? configuration.activation
    build.antiAliasing = build.antiAliasing ?? configuration.antiAliasing
    build.padsLikeTensorFlow = build.padsLikeTensorFlow ?? configuration.padsLikeTensorFlow
    return build
  }

  /// What a graph of these options has that the weights do not tell: nothing where the model is a graph of its own.
  ///
  /// A wrong assumption gives another network with the same weights, which no check of a file can see. A recording of the
  /// framework that the weights come from shows whether they hold: `ReferenceRecording`.
  public func assumptions(_ options: GraphOptions = GraphOptions()) throws(ScaleNetError) -> [Assumption] {
    guard case .weights = content else { return [] }
    return assumptions(options, of: try graph(options))
  }

  /// The same of a graph that these options gave.
  func assumptions(_ options: GraphOptions, of graph: Graph) -> [Assumption] {
    guard case .weights(_, let architecture) = content else { return [] }
    var configured: BuildOptions?
    if let configuration {
      var build = BuildOptions()
      if options.stridePlacement == nil { build.stridePlacement = configuration.stridePlacement }
      if options.activation == nil { build.choices.activation = configuration.activation }
      if options.antiAliasing == nil { build.antiAliasing = configuration.antiAliasing }
      if options.padsLikeTensorFlow == nil { build.padsLikeTensorFlow = configuration.padsLikeTensorFlow }
      configured = build
    }
    return architecture.assumptions(of: graph, options: build(options), configured: configured)
  }
}
