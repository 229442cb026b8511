import FileIO
package import ModelIR

/// How a graph is made of weights.
package struct BuildOptions: Sendable {
  package var inputSize: InputSize
  /// The extent of the batch axis; open by default.
  package var batch: Dimension
  /// Give the feature maps of the four stages (`layer1` to `layer4`) instead of the logits.
  package var features: Bool
  /// End in a softmax over the classes.
  package var softmax: Bool
  /// Where a bottleneck block takes its step, which weights do not tell; nil follows the naming of the weights.
  package var stridePlacement: StridePlacement?
  /// What else weights do not tell.
  package var choices = Choices()
  /// How steps are taken without aliasing, which weights do not tell; nil for networks that take them as they are.
  package var antiAliasing: AntiAliasing?
  /// Whether a GoogLeNet rescales its input, which weights do not tell; nil follows torchvision's published weights.
  package var rescalesInput: Bool?
  /// Whether a MixNet has TensorFlow's margins and epsilon (timm's `tf_mixnet_s` and so on), which weights do not tell;
  /// nil for timm's own.
  package var padsLikeTensorFlow: Bool?
  package var inputName: String
  package var outputName: String

  package init(
    inputSize: InputSize = .standard, batch: Dimension = .symbolic("batch"), features: Bool = false,
    softmax: Bool = false, stridePlacement: StridePlacement? = nil, antiAliasing: AntiAliasing? = nil,
    rescalesInput: Bool? = nil, padsLikeTensorFlow: Bool? = nil, inputName: String = "input",
    outputName: String = "output"
  ) {
    self.inputSize = inputSize
    self.batch = batch
    self.features = features
    self.softmax = softmax
    self.stridePlacement = stridePlacement
    self.antiAliasing = antiAliasing
    self.rescalesInput = rescalesInput
    self.padsLikeTensorFlow = padsLikeTensorFlow
    self.inputName = inputName
    self.outputName = outputName
  }
}

extension BuildOptions {
  /// Fails for options about blocks of a ResNet, which other networks do not have.
  func requireNoResNetOptions(_ network: String) throws(ScaleNetError) {
    if stridePlacement != nil {
      throw .unsupportedOption(
        option: "stride placement", reason: "a \(network) has no bottleneck whose step could stand elsewhere")
    }
    if antiAliasing != nil {
      throw .unsupportedOption(
        option: "anti-aliasing", reason: "a \(network) has no blocks of a ResNet that take a step")
    }
  }

  /// Fails for TensorFlow's margins, which only MixNets have.
  func requireNoTensorFlowMargins(_ network: String) throws(ScaleNetError) {
    if padsLikeTensorFlow != nil {
      throw .unsupportedOption(
        option: "TensorFlow's margins", reason: "no published \(network) has them, only MixNets")
    }
  }

  /// Fails for options about the scaling of the input, which only GoogLeNets do.
  func requireNoInputScaling(_ network: String) throws(ScaleNetError) {
    if rescalesInput != nil {
      throw .unsupportedOption(
        option: "input scaling", reason: "a \(network) takes its input as it is, only a GoogLeNet rescales it"
      )
    }
  }
}

/// Height and width of the image that a graph is made for.
public struct InputSize: Hashable, Sendable, CustomStringConvertible {
  /// In pixels; the third extent of an NCHW image.
  public var height: Int
  /// In pixels; the fourth extent of an NCHW image.
  public var width: Int

  /// 224 x 224, for which the published networks were made and their costs are stated.
  public static let standard = InputSize(height: 224, width: 224)

  /// Any numbers; whether a network can be made for them is checked where a graph is made.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Reads `224` or `256x320` (height first).
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...65536).contains($0) })
    else { return nil }
    self.init(height: numbers[0], width: numbers[numbers.count - 1])
  }

  /// `256x320`, the height first: what `init(_:)` reads.
  public var description: String { "\(height)x\(width)" }
}
