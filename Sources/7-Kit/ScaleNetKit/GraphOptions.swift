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
    (stridePlacement == nil ? [] : ["stridePlacement"]) + (inputSize == nil ? [] : ["inputSize"])
      + (features ? ["features"] : []) + (softmax ? ["softmax"] : [])
      + (inputName == nil ? [] : ["inputName"])
      + (outputName == nil ? [] : ["outputName"]) + (batch == nil ? [] : ["batch"])
  }

  /// What the architectures' builder is told.
  var build: BuildOptions {
    var build = BuildOptions(features: features, softmax: softmax, stridePlacement: stridePlacement)
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
      return try architecture.graph(weights, options: options.build)
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      guard !options.given.isEmpty else { return model.graph }
      return try GraphAdaptation(model.graph, options, path: path).graph
    }
  }
}
