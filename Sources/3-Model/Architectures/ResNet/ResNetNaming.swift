import ModelIR

/// How an implementation names what not all name alike.
public struct ResNetNaming: Hashable, Sendable {
  /// What stands before `conv1` and `bn1` of the stem: nothing, or `layer0.`.
  public var stemPrefix: String
  /// The squeeze-and-excitation module of a block: `se` or `se_module`.
  public var squeezeExcitation: String
  /// The final layer: `fc` or `last_linear`, or `fc.1` where it stands behind Dropout.
  public var classifier: String

  /// torchvision's names, and timm's for squeeze-and-excitation.
  public static let torchvision = ResNetNaming(stemPrefix: "", squeezeExcitation: "se", classifier: "fc")
  /// The names of the first PyTorch SE-ResNets (pretrainedmodels, timm's `legacy_seresnet50`), ported from Caffe.
  public static let pretrainedModels = ResNetNaming(
    stemPrefix: "layer0.", squeezeExcitation: "se_module", classifier: "last_linear")

  package init(stemPrefix: String, squeezeExcitation: String, classifier: String) {
    self.stemPrefix = stemPrefix
    self.squeezeExcitation = squeezeExcitation
    self.classifier = classifier
  }

  /// The names that these weights have; each part is found for itself.
  init(of weights: StateDict) {
    self = .torchvision
    let other = Self.pretrainedModels
    for name in weights.names {
      if name.hasPrefix(other.stemPrefix) { stemPrefix = other.stemPrefix }
      if let part = BlockKey(name)?.parts.first, part == other.squeezeExcitation {
        squeezeExcitation = other.squeezeExcitation
      }
    }
    classifier = WeightChecker.classifier(
      of: weights, among: [Self.torchvision.classifier, Self.pretrainedModels.classifier])
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
