package import FileIO
package import ModelIR

extension ResNetConfiguration {
  /// Whether the keys are those of a ResNet, complete or not: some `layerS.B.conv2.weight` exists, or what a Res2Net,
  /// SKNet or ResNeSt has in its place.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights.entries.contains { entry in
      guard let parts = BlockKey(entry.name)?.parts else { return false }
      return parts == ["conv2", "weight"] || parts == ["conv2", "conv", "weight"]
        || parts == ["convs", "0", "weight"] || parts == ["conv2", "paths", "0", "conv", "weight"]
    }
  }

  /// Reads a network's dimensions off its weights. No width is known beforehand; groups are what the second extent
  /// of a 3x3 convolution's weight leaves of its input's channels.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    let traits = BlockTraits(of: weights)
    var checker = WeightChecker(weights)
    let (stem, imageChannels) = Self.takeStem(traits, from: &checker)
    var blocks: [Block] = []
    var channels = stem?.convolutions.last?.filters
    for (stage, count) in BlockKey.counts(weights, stages: traits.stages).enumerated() {
      for number in 0..<count {
        let block = traits.takeBlock(
          "layer\(stage + 1).\(number)", stage: stage, isFirst: number == 0,
          stride: number == 0 && stage > 0 ? 2 : 1, channels: &channels, from: &checker)
        if let block { blocks.append(block) }
      }
    }
    let classes = checker.takeClassifier(traits.naming.classifier, channels: channels)
    checker.finish()
    guard checker.problems.isEmpty, let stem, let imageChannels else {
      throw .weights(source: source, architecture: traits.familyName, problems: checker.problems)
    }
    self.init(
      imageChannels: imageChannels, stem: stem, kind: traits.kind, blocks: blocks, classes: classes,
      naming: traits.naming, normalization: traits.normalization)
  }

  /// The convolutions before the first block, and the channels of the image.
  private static func takeStem(
    _ traits: BlockTraits, from checker: inout WeightChecker
  ) -> (Stem?, imageChannels: Int?) {
    let prefix = traits.naming.stemPrefix
    var stem = Stem(convolutions: [])
    var names = [("\(prefix)conv1", "\(prefix)bn1")]
    var kernels = [7]
    if checker.weights["conv1.0.weight"] != nil {
      names = [("conv1.0", "conv1.1"), ("conv1.3", "conv1.4"), ("conv1.6", "bn1")]
      kernels = [3]
    } else if checker.weights["\(prefix)conv3.weight"] != nil {
      names = (1...3).map { ("\(prefix)conv\($0)", "\(prefix)bn\($0)") }
      kernels = [3]
    } else if checker.weights["conv1.weight"]?.shape.dimensions.dropFirst(2) == [3, 3] {
      kernels = [3]
      stem.stride = 1
      stem.pool = .none
    }
    var channels: Int?
    var imageChannels: Int?
    for (name, normalization) in names {
      let shape = checker.takeConvolution(name, filters: nil, channels: channels, kernels: kernels)
      if imageChannels == nil { imageChannels = shape?[1] }
      channels = shape?[0]
      traits.takeNormalization(normalization, channels: channels, from: &checker)
      guard let shape else { continue }
      stem.convolutions.append(
        Stem.Layer(name: name, normalization: normalization, filters: shape[0], kernel: shape[2]))
    }
    if traits.naming.poolsLikeCaffe { stem.pool = .maxLikeCaffe }
    if checker.weights["maxpool.0.weight"] != nil {
      stem.pool = .convolution(name: "maxpool.0", normalization: "maxpool.1")
      _ = checker.takeConvolution("maxpool.0", filters: channels, channels: channels, kernels: [3])
      traits.takeNormalization("maxpool.1", channels: channels, from: &checker)
    }
    return (stem.convolutions.count == names.count ? stem : nil, imageChannels)
  }
}

/// What the keys of a network say of all its blocks.
struct BlockTraits {
  typealias Network = ResNetConfiguration

  /// How a block convolves, before its numbers are known.
  enum Form {
    case plain, hierarchical, selectiveKernel, splitAttention
  }

  var naming: ResNetNaming
  let kind: Network.BlockKind
  /// Of the convolutions of a block, in order.
  let forms: [Form]
  let normalization: Network.Normalization
  let hasAttention: Bool
  let hasEfficientAttention: Bool
  /// How shortcuts that pool do; nil where their convolutions take the step.
  let shortcutPooling: Network.Shortcut.Pooling?
  let stages: Int

  /// What the keys of all blocks say.
  init(of weights: StateDict) {
    let keys = weights.names.compactMap { BlockKey($0) }
    self.init(
      parts: keys.map(\.parts), naming: ResNetNaming(of: weights),
      stages: keys.map { min($0.stage, BlockKey.stageCount - 1) + 1 }.max() == 3
        && weights["conv1.weight"]?.shape.dimensions.last == 3 ? 3 : BlockKey.stageCount,
      normalization: weights.names.contains { $0.hasSuffix(".running_mean") } ? .batch : .group(32))
  }

  /// - Parameter parts: what follows the blocks' names in the keys.
  init(
    parts: [[Substring]], naming: ResNetNaming, stages: Int, normalization: Network.Normalization,
    shortcutPooling: Network.Shortcut.Pooling? = nil
  ) {
    self.naming = naming
    self.stages = stages
    self.normalization = normalization
    let kind: Network.BlockKind = parts.contains { $0[0] == "conv3" } ? .bottleneck : .basic
    self.kind = kind
    var forms = [Form](repeating: .plain, count: kind.kernels.count)
    for part in parts {
      if part[0] == "convs" { forms[1] = .hierarchical }
      guard part.count > 2 else { continue }
      if part[1] == "bn0" { forms[1] = .splitAttention }
      for index in forms.indices where part[0] == "conv\(index + 1)" && part[1] == "paths" {
        forms[index] = .selectiveKernel
      }
    }
    self.forms = forms
    let attention = naming.squeezeExcitation
    hasAttention = parts.contains { $0[0] == attention }
    hasEfficientAttention = parts.contains { $0 == [attention[...], "conv", "weight"] }
    let convolutionAt1 = [naming.shortcut[...], "2", "weight"]
    self.shortcutPooling = shortcutPooling ?? (parts.contains(convolutionAt1) ? .pairs : nil)
  }

  /// For the title of an error.
  var familyName: String {
    for form in forms {
      switch form {
      case .plain: break
      case .hierarchical: return "Res2Net"
      case .selectiveKernel: return "SKNet"
      case .splitAttention: return "ResNeSt"
      }
    }
    return hasEfficientAttention ? "ECA-ResNet" : hasAttention ? "SE-ResNet" : "ResNet"
  }

  func takeNormalization(_ name: String, channels: Int?, from checker: inout WeightChecker) {
    switch normalization {
    case .batch: checker.takeNormalization(name, channels: channels)
    case .group(let groups):
      checker.takeScaleAndBias(name, channels: channels)
      if let channels, channels % groups != 0 {
        checker.add(
          .misshaped(
            key: "\(name).weight",
            expected: "a multiple of \(groups), or running_mean and running_var beside it",
            found: [channels]))
      }
    }
  }
}
