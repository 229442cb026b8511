import Architectures
import FoundationEssentials
import TestSupport
import Testing

/// A network of `fixtures/baselines`: what torchvision or timm says of it.
struct BaselineFixture: Sendable, CustomTestStringConvertible {
  /// The name of torchvision or timm.
  let file: String
  let network: PublishedResNet?
  let displayName: String
  let family: ArchitectureFamily

  var testDescription: String { file }
  var path: String { "baselines/\(file).spec.json" }
  var isLegacy: Bool { file.hasPrefix("legacy_") }

  init(_ file: String, _ network: PublishedResNet?, _ displayName: String, _ family: ArchitectureFamily) {
    self.file = file
    self.network = network
    self.displayName = displayName
    self.family = family
  }

  static let all = [
    BaselineFixture("resnet18", .resNet18, "ResNet-18", .resNet),
    BaselineFixture("resnet34", .resNet34, "ResNet-34", .resNet),
    BaselineFixture("resnet50", .resNet50, "ResNet-50", .resNet),
    BaselineFixture("resnet101", .resNet101, "ResNet-101", .resNet),
    BaselineFixture("resnet152", .resNet152, "ResNet-152", .resNet),
    BaselineFixture("resnext50_32x4d", .resNeXt50, "ResNeXt-50 32x4d", .resNeXt),
    BaselineFixture("resnext101_32x8d", .resNeXt101, "ResNeXt-101 32x8d", .resNeXt),
    BaselineFixture("seresnet50", .seResNet50, "SE-ResNet-50", .seResNet),
    BaselineFixture("seresnet101", .seResNet101, "SE-ResNet-101", .seResNet),
    BaselineFixture("seresnet152", .seResNet152, "SE-ResNet-152", .seResNet),
    BaselineFixture("seresnext50_32x4d", .seResNeXt50, "SE-ResNeXt-50 32x4d", .seResNeXt),
    BaselineFixture("legacy_seresnet18", nil, "SE-ResNet (2-2-2-2 blocks)", .seResNet),
    BaselineFixture("legacy_seresnet50", .seResNet50, "SE-ResNet-50", .seResNet),
    BaselineFixture("legacy_seresnet101", .seResNet101, "SE-ResNet-101", .seResNet),
    BaselineFixture("legacy_seresnet152", .seResNet152, "SE-ResNet-152", .seResNet),
    BaselineFixture("legacy_seresnext50_32x4d", .seResNeXt50, "SE-ResNeXt-50 32x4d", .seResNeXt),
  ]

  /// What the network costs at 224x224.
  struct Cost: Decodable, Equatable {
    var parameters: Int
    var macs: Int
  }

  static func costs() throws -> [String: Cost] {
    try JSONDecoder().decode([String: Cost].self, from: Data(try Fixtures.bytes("baselines/costs.json")))
  }
}
