public import Architectures
import FileIO
public import ModelIR

/// How a graph is made of weights, and which parts of it are wanted. What is nil or false is not asked for; what is asked
/// for and cannot be followed is an error.
public struct GraphOptions: Sendable, Hashable {
  /// Height and width of the image; 224 x 224 if nil, or what the other side of a comparison has. An ONNX model that
  /// leaves them open gets this size.
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
  /// - Throws: if the options ask for what only weights can follow and the model is a graph of its own. An input size may
  ///   be asked for where the graph's images have it, which they may have left open in the file.
  public func graph(_ options: GraphOptions = GraphOptions()) throws(ScaleNetError) -> Graph {
    try options.check()
    switch content {
    case .weights(let weights, let architecture):
      return try architecture.graph(weights, options: options.build)
    case .tensors(_, let error):
      throw error
    case .graph(let model):
      let images = model.graph.inputs.map { model.graph[$0].type.dimensions }.filter { $0.count == 4 }
      let hasSize =
        options.inputSize.map { size in
          !images.isEmpty
            && images.allSatisfy { Array($0[2...]) == [.fixed(size.height), .fixed(size.width)] }
            || imageInputSize == size
        } ?? false
      if let option = options.given.first(where: { $0 != "inputSize" || !hasSize }) {
        throw .invalidOption(
          option, expected: "weights to make a graph of",
          found: "a graph of its own in \(path.escapedForMessage)")
      }
      return model.graph
    }
  }
}
