package import FileIO
package import ModelIR

/// Every architecture that is known by its weights. The exhaustive switch is the registry.
public enum Architecture: Hashable, Sendable {
  /// Scale-aggregation blocks (Li et al. 2019).
  case scaleNet(ScaleNetConfiguration)
  /// ResNet, and the networks that change its parts: ResNeXt, SENet, ECA-Net, Res2Net, SKNet, ResNeSt.
  case resNet(ResNetConfiguration)
  /// ResNet of octave convolutions (Chen et al. 2019).
  case octResNet(OctResNetConfiguration)
  /// Big-Little Net (Chen et al. 2019).
  case bigLittle(BigLittleConfiguration)
  /// GoogLeNet (Szegedy et al. 2015).
  case googLeNet(GoogLeNetConfiguration)
  /// MixNet (Tan and Le 2019).
  case mixNet(MixNetConfiguration)

  /// The payload.
  package var configuration: any NetworkConfiguration {
    switch self {
    case .scaleNet(let configuration): configuration
    case .resNet(let configuration): configuration
    case .octResNet(let configuration): configuration
    case .bigLittle(let configuration): configuration
    case .googLeNet(let configuration): configuration
    case .mixNet(let configuration): configuration
    }
  }

  /// Which kind of blocks the network is built of.
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
  /// What a user should know of the weights, one sentence each.
  package var notes: [String] { configuration.notes }
  /// The scales of the network's blocks; nil for a network of one scale.
  public var scaleTable: ScaleTable? { configuration.scaleTable }
  /// The least side of a square input of which every layer leaves at least one pixel.
  public var leastInputSide: Int { configuration.leastInputSide }

  /// The channels of every scale; nil for networks without scales.
  public var structure: Structure? {
    switch self {
    case .scaleNet(let configuration): configuration.structure
    case .resNet, .octResNet, .bigLittle, .googLeNet, .mixNet: nil
    }
  }

  /// The network as a graph for one input size: published weights, published forward pass.
  ///
  /// The input is [N, C, H, W]; the outputs are logits [N, classes], pooled features [N, channels] where there is no
  /// final layer, or with `features` the maps `layer1` to `layer4`.
  package func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    let graph = try configuration.graph(weights, options: options)
    if options.choices.outputStride ?? 32 < 32, options.antiAliasing != nil {
      throw .unsupportedOption(option: "antiAliasing", reason: "a dilated stage takes no step to filter")
    }
    return try graph.choosing(options.choices)
  }

  /// Fresh weights in the order of the published implementation. The same seed gives the same weights.
  package func initialWeights(seed: UInt64) -> StateDict {
    configuration.initialWeights(seed: seed)
  }

  /// The names and shapes of the weights, to count with: convolutions and final layers are zero and take no memory.
  package func placeholderWeights() -> StateDict {
    configuration.placeholderWeights()
  }
}

extension Architecture {
  /// Finds the architecture that has such weights, and its dimensions.
  ///
  /// - Parameter source: the file's path, for errors.
  /// - Throws: `unrecognized` if the keys are those of no family; `weights` with all that is wrong if they are those
  ///   of one, but not complete.
  package static func recognize(_ weights: StateDict, source: String) throws(ScaleNetError) -> Architecture {
    // A ScaleNet has every key of a ResNet's blocks but conv2.weight, so it is asked first.
    if ScaleNetConfiguration.recognizes(weights) {
      return .scaleNet(try ScaleNetConfiguration(recognizing: weights, source: source))
    }
    // The last stage of a Big-Little Net is a ResNet's.
    if BigLittleConfiguration.recognizes(weights) {
      return .bigLittle(try BigLittleConfiguration(recognizing: weights, source: source))
    }
    if OctResNetConfiguration.recognizes(weights) {
      return .octResNet(try OctResNetConfiguration(recognizing: weights, source: source))
    }
    if GoogLeNetConfiguration.recognizes(weights) {
      return .googLeNet(try GoogLeNetConfiguration(recognizing: weights, source: source))
    }
    if MixNetConfiguration.recognizes(weights) {
      return .mixNet(try MixNetConfiguration(recognizing: weights, source: source))
    }
    if ResNetConfiguration.recognizes(weights) {
      return .resNet(try ResNetConfiguration(recognizing: weights, source: source))
    }
    throw .unrecognized(
      source: source,
      expected: "weights such as layer1.0.conv2.0.weight (ScaleNet) or layer1.0.conv2.weight "
        + "(ResNet, ResNeXt, SENet, ECA-Net), or those of a Res2Net, SKNet, ResNeSt, OctConv-ResNet, bL-ResNet, "
        + "GoogLeNet or MixNet",
      found: summary(weights))
  }

  /// How many tensors there are, and the names of the first.
  private static func summary(_ weights: StateDict) -> String {
    guard weights.count > 0 else { return "no tensors" }
    let shown = weights.entries.prefix(3).map { entry in
      entry.name.count > 60 ? "\(entry.name.prefix(60))…" : entry.name
    }
    return (weights.count == 1 ? "1 tensor: " : "\(weights.count) tensors: ") + shown.joined(separator: ", ")
      + (weights.count > shown.count ? ", …" : "")
  }
}

/// Networks that are built of the same kind of blocks. Raw values are the papers' names.
public enum ArchitectureFamily: String, CaseIterable, Sendable {
  /// Scale-aggregation blocks (Li et al. 2019).
  case scaleNet = "ScaleNet"
  /// Basic or bottleneck blocks (He et al. 2016).
  case resNet = "ResNet"
  /// ResNet with squeeze-and-excitation.
  case seResNet = "SE-ResNet"
  /// ResNet with grouped 3x3 convolutions.
  case resNeXt = "ResNeXt"
  /// ResNeXt with squeeze-and-excitation.
  case seResNeXt = "SE-ResNeXt"
  /// ResNet with efficient channel attention (Wang et al. 2020).
  case ecaResNet = "ECA-ResNet"
  /// ResNeXt with efficient channel attention.
  case ecaResNeXt = "ECA-ResNeXt"
  /// ResNet whose 3x3 convolutions are hierarchies of splits (Gao et al. 2019).
  case res2Net = "Res2Net"
  /// Res2Net with grouped convolutions.
  case res2NeXt = "Res2NeXt"
  /// ResNet whose channels choose among kernels (Li et al. 2019).
  case skNet = "SKNet"
  /// ResNet whose channels choose among splits (Zhang et al. 2020).
  case resNeSt = "ResNeSt"
  /// ResNet of two frequencies (Chen et al. 2019).
  case octResNet = "OctConv-ResNet"
  /// ResNet of a big and a little branch (Chen et al. 2019).
  case bigLittle = "bL-ResNet"
  /// Inception modules (Szegedy et al. 2015).
  case googLeNet = "GoogLeNet"
  /// Inverted residuals with kernels of several sizes (Tan and Le 2019).
  case mixNet = "MixNet"
}
