import ModelIR

/// How an implementation names what not all name alike.
public struct ResNetNaming: Hashable, Sendable {
  /// What stands before `conv1` and `bn1` of the stem: nothing, or `layer0.`.
  public var stemPrefix: String
  /// The attention of a block: `se`, `se_module`, `se_layer` or `eca`.
  public var squeezeExcitation: String
  /// The final layer: `fc`, `last_linear` or `linear`, or `fc.1` where it stands behind Dropout.
  public var classifier: String
  /// The convolution and normalisation of a block's shortcut: `downsample` or `shortcut`.
  public var shortcut: String
  /// Whether a convolution and its normalisation are one module, `conv1.conv` and `conv1.bn`, not `conv1` and `bn1`.
  public var nestsNormalization: Bool

  /// torchvision's names, and timm's for squeeze-and-excitation.
  public static let torchvision = ResNetNaming(stemPrefix: "", squeezeExcitation: "se", classifier: "fc")
  /// The names of the first PyTorch SE-ResNets (pretrainedmodels, timm's `legacy_seresnet50`), ported from Caffe.
  public static let pretrainedModels = ResNetNaming(
    stemPrefix: "layer0.", squeezeExcitation: "se_module", classifier: "last_linear")

  package init(
    stemPrefix: String, squeezeExcitation: String, classifier: String, shortcut: String = "downsample",
    nestsNormalization: Bool = false
  ) {
    self.stemPrefix = stemPrefix
    self.squeezeExcitation = squeezeExcitation
    self.classifier = classifier
    self.shortcut = shortcut
    self.nestsNormalization = nestsNormalization
  }

  /// The names that these weights have; each part is found for itself.
  init(of weights: StateDict) {
    self = .torchvision
    let stem = Self.pretrainedModels.stemPrefix
    for name in weights.names {
      if name.hasPrefix(stem) { stemPrefix = stem }
      guard let parts = BlockKey(name)?.parts, let first = parts.first else { continue }
      for other in ["se_module", "se_layer", "eca"] where first == other { squeezeExcitation = other }
      if first == "shortcut" { shortcut = "shortcut" }
      if first.hasPrefix("conv"), parts.count == 3, parts[1] == "bn" { nestsNormalization = true }
    }
    classifier = WeightChecker.classifier(
      of: weights, among: [Self.torchvision.classifier, Self.pretrainedModels.classifier, "linear"])
  }

  /// The modules of a block's convolution and of its normalisation.
  func layer(_ number: Int, of block: String) -> (convolution: String, normalization: String) {
    nestsNormalization
      ? ("\(block).conv\(number).conv", "\(block).conv\(number).bn")
      : ("\(block).conv\(number)", "\(block).bn\(number)")
  }

  /// Whether the max pool of the stem has no margin, but a last window that may lie partly outside, as Caffe's has.
  var poolsLikeCaffe: Bool { stemPrefix == Self.pretrainedModels.stemPrefix }

  /// Whether a basic block has a ReLU between its last normalisation and squeeze-and-excitation, as timm's
  /// `legacy_seresnet18` and `legacy_seresnet34` do; no other network has one there.
  var rectifiesBeforeSqueeze: Bool { squeezeExcitation == Self.pretrainedModels.squeezeExcitation }

  /// Where a bottleneck block with such names takes its step. The older SE-ResNets follow Caffe; their ResNeXts
  /// do not.
  func stridePlacement(isGrouped: Bool) -> StridePlacement {
    squeezeExcitation == Self.pretrainedModels.squeezeExcitation && !isGrouped ? .first : .middle
  }
}

/// Which convolution of a bottleneck block takes the step of 2 that halves the feature map.
public enum StridePlacement: String, CaseIterable, Sendable {
  /// The first 1x1, as in the ResNet paper, in Caffe, and in the first PyTorch SE-ResNets.
  case first
  /// The 3x3, as in torchvision and timm.
  case middle
}

/// How steps are taken without aliasing (Zhang 2019). Weights do not tell: neither has any of its own.
public enum AntiAliasing: String, CaseIterable, Sendable {
  /// The convolution takes no step; a blur of 3x3 behind its activation does. The stem's max pool is followed by one.
  case blur
  /// A mean of 2x2 in place of the blur, and in place of the stem's max pool.
  case average
}
