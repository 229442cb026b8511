public import ModelIR

/// How a graph is made of weights.
public struct BuildOptions: Sendable {
  public var inputSize: InputSize
  /// The extent of the batch axis; open by default.
  public var batch: Dimension
  /// Give the feature maps of the four stages (`layer1` to `layer4`) instead of the logits.
  public var features: Bool
  /// End in a softmax over the classes.
  public var softmax: Bool
  /// Where a bottleneck block takes its step, which weights do not tell; nil follows the naming of the weights.
  public var stridePlacement: StridePlacement?
  public var inputName: String
  public var outputName: String

  public init(
    inputSize: InputSize = .standard, batch: Dimension = .symbolic("batch"), features: Bool = false,
    softmax: Bool = false, stridePlacement: StridePlacement? = nil, inputName: String = "input",
    outputName: String = "output"
  ) {
    self.inputSize = inputSize
    self.batch = batch
    self.features = features
    self.softmax = softmax
    self.stridePlacement = stridePlacement
    self.inputName = inputName
    self.outputName = outputName
  }
}
