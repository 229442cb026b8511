public import FileIO
public import ModelIR

/// Every architecture that is known by its weights. The exhaustive switch is the registry.
public enum Architecture: Hashable, Sendable {
  case scaleNet(ScaleNetConfiguration)
  case resNet(ResNetConfiguration)

  /// The payload.
  public var configuration: any NetworkConfiguration {
    switch self {
    case .scaleNet(let configuration): configuration
    case .resNet(let configuration): configuration
    }
  }

  public var family: ArchitectureFamily { configuration.family }
  /// `ScaleNet-50`, `SE-ResNeXt-50 32x4d`, or a name made of the depths.
  public var displayName: String { configuration.displayName }
  /// Channels of the input image.
  public var imageChannels: Int { configuration.imageChannels }
  /// Channels of the last feature map.
  public var featureChannels: Int { configuration.featureChannels }
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int? { configuration.classes }
  /// Blocks of each stage: 3, 4, 6, 3 for the networks of 50 layers.
  public var depths: [Int] { configuration.depths }
  /// The least side of a square input of which every layer leaves at least one pixel.
  public var leastInputSide: Int { configuration.leastInputSide }

  /// The channels of every scale; nil for networks without scales.
  public var structure: Structure? {
    switch self {
    case .scaleNet(let configuration): configuration.structure
    case .resNet: nil
    }
  }

  /// The network as a graph for one input size: published weights, published forward pass.
  ///
  /// The input is [N, C, H, W]; the outputs are logits [N, classes], pooled features [N, channels] where there is no
  /// final layer, or with `features` the maps `layer1` to `layer4`.
  public func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    try configuration.graph(weights, options: options)
  }

  /// Fresh weights in the order of the published implementation. The same seed gives the same weights.
  public func initialWeights(seed: UInt64) -> StateDict {
    configuration.initialWeights(seed: seed)
  }

  /// The names and shapes of the weights, to count with: convolutions and final layers are zero and take no memory.
  public func placeholderWeights() -> StateDict {
    configuration.placeholderWeights()
  }
}
