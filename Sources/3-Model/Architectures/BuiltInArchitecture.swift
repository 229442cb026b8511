/// An architecture that needs no file: what fresh weights can be made for.
public enum BuiltInArchitecture: Hashable, Sendable, CaseIterable {
  /// A ScaleNet with the structure that its authors published.
  case released(ReleasedScaleNet)
  /// A ScaleNet with channels to lose, for training before an allocation.
  case seed(ScaleNetSeed)
  /// A ResNet, ResNeXt, SE-ResNet or SE-ResNeXt.
  case resNet(PublishedResNet)

  /// All names that `init(name:)` knows: ScaleNets, their seeds, then ResNets.
  public static var allCases: [BuiltInArchitecture] {
    ReleasedScaleNet.allCases.map(released) + ScaleNetSeed.allCases.map(seed)
      + PublishedResNet.allCases.map(resNet)
  }

  /// The name on a command line: `scalenet50`, `scalenet50-seed`, `resnext50-32x4d`.
  public var name: String {
    switch self {
    case .released(let network): network.rawValue
    case .seed(let network): network.rawValue
    case .resNet(let network): network.rawValue
    }
  }

  /// The architecture of this name. Only letters and digits count: `ResNeXt-50 32x4d`, `resnext50_32x4d` and
  /// `resnext50-32x4d` are one.
  public init?(name: String) {
    func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    guard let found = Self.allCases.first(where: { plain($0.name) == plain(name) }) else { return nil }
    self = found
  }

  /// The network with this many classes, or without a final layer if nil.
  public func architecture(classes: Int? = 1000) -> Architecture {
    switch self {
    case .released(let network):
      .scaleNet(ScaleNetConfiguration(structure: network.structure, classes: classes))
    case .seed(let network):
      .scaleNet(network.configuration(classes: classes))
    case .resNet(let network):
      .resNet(ResNetConfiguration(network, classes: classes))
    }
  }
}
