import Architectures
import FileIO
import ModelIR
import TestSupport
import Testing

@Suite struct ArchitectureTests {
  /// A network's weights with some shapes changed, added or (nil) taken away.
  private func weights(
    _ path: String = "baselines/resnet50.spec.json", changing changes: [(String, TensorShape?)]
  ) throws -> StateDict {
    var shapes = try Fixtures.shapeOnlyWeights(path).entries.map { ($0.name, $0.tensor.shape) }
    for (name, shape) in changes {
      if let index = shapes.firstIndex(where: { $0.0 == name }) {
        if let shape { shapes[index].1 = shape } else { shapes.remove(at: index) }
      } else if let shape {
        shapes.append((name, shape))
      }
    }
    return try Fixtures.stateDict(shapes)
  }

  private func problems(_ weights: StateDict, _ architecture: String = "ResNet") -> [String] {
    do {
      _ = try Architecture.recognize(weights, source: "w.pth")
      return []
    } catch {
      guard "\(error)".hasPrefix("w.pth: not the weights of a \(architecture): ") else {
        return ["another error: \(error)"]
      }
      return error.problems
    }
  }

  @Test func listsMissingUnexpectedAndMisshapedKeysAtOnce() throws {
    let found = problems(
      try weights(changing: [
        ("bn1.running_var", nil), ("layer2.0.bn3.bias", [7]), ("layer3.0.conv2.weight", [256, 256, 5, 5]),
        ("fc.bias", nil), ("head.weight", [4]), ("layer1.1.downsample.0.weight", [256, 256, 1, 1]),
        ("layer4.0.downsample.0.weight", nil),
      ]))
    #expect(
      found == [
        "missing bn1.running_var, expected shape [64]",
        "layer2.0.bn3.bias: expected shape [512], found [7]",
        "layer3.0.conv2.weight: expected shape [?, ?, 3, 3], found [256, 256, 5, 5]",
        "missing layer4.0.downsample.0.weight, expected shape [2048, 1024, 1, 1]",
        "missing fc.bias, expected shape [1000]",
        "unexpected head.weight, shape [4]",
        "unexpected layer1.1.downsample.0.weight, shape [256, 256, 1, 1]",
      ])
  }

  @Test func listsABlockThatIsMissing() throws {
    let found = problems(try weights(changing: [("layer1.4.conv1.weight", [64, 256, 1, 1])]))
    #expect(found.contains("missing layer1.3.conv1.weight, expected shape [?, 256, 1, 1]"))
    #expect(found.contains { $0.hasPrefix("missing layer1.4.conv3.weight") })
  }

  @Test func listsIncompleteSqueezeAndExcitation() throws {
    let changes: [(String, TensorShape?)] = [
      ("layer1.0.se.fc1.bias", nil), ("layer2.3.se.fc2.weight", [512, 31, 1, 1]),
    ]
    #expect(
      problems(try weights("baselines/seresnet50.spec.json", changing: changes), "SE-ResNet") == [
        "missing layer1.0.se.fc1.bias, expected shape [16]",
        "layer2.3.se.fc2.weight: expected shape [512, 32, 1, 1], found [512, 31, 1, 1]",
      ])
  }

  @Test func refusesGroupsThatDoNotDivide() throws {
    let found = problems(try weights(changing: [("layer1.1.conv2.weight", [64, 24, 3, 3])]))
    #expect(
      found == [
        "layer1.1.conv2.weight: expected shape groups that divide 64 channels and the filters, "
          + "found [64, 24, 3, 3]"
      ])
  }

  @Test func infersOtherGroupsAndWidths() throws {
    // A single block of each stage, two groups in the first, a width that no paper has.
    var shapes: [(String, TensorShape)] = [("conv1.weight", [6, 1, 7, 7])]
    func normalization(_ name: String, _ count: Int) {
      for suffix in ["weight", "bias", "running_mean", "running_var"] {
        shapes.append(("\(name).\(suffix)", [count]))
      }
    }
    normalization("bn1", 6)
    var channels = 6
    for stage in 1...4 {
      let name = "layer\(stage).0"
      shapes.append(("\(name).conv1.weight", [4, channels, 1, 1]))
      normalization("\(name).bn1", 4)
      shapes.append(("\(name).conv2.weight", [6, stage == 1 ? 2 : 4, 3, 3]))
      normalization("\(name).bn2", 6)
      shapes.append(("\(name).conv3.weight", [10, 6, 1, 1]))
      normalization("\(name).bn3", 10)
      shapes.append(("\(name).downsample.0.weight", [10, channels, 1, 1]))
      normalization("\(name).downsample.1", 10)
      channels = 10
    }
    let weights = try Fixtures.stateDict(shapes)
    let found = try Architecture.recognize(weights, source: "w.pth")
    guard case .resNet(let configuration) = found else {
      Issue.record("not a ResNet")
      return
    }
    #expect(configuration.blocks.map(\.groups) == [2, 1, 1, 1])
    #expect(configuration.blocks[0].convolutions.map(\.filters) == [4, 6, 10])
    #expect(found.displayName == "ResNeXt (1-1-1-1 blocks)")
    #expect(found.imageChannels == 1 && found.featureChannels == 10 && found.classes == nil)
    let graph = try found.graph(weights, options: BuildOptions(batch: 1))
    #expect(graph.outputs.map { graph[$0].type.shape } == [[1, 10]])
  }

  @Test func saysWhatWasFoundWhereNothingFits() throws {
    let other = try Fixtures.stateDict([
      ("features.0.weight", [64, 3, 3, 3]), ("features.0.bias", [64]), ("a\nb", [1]), ("c", [1]),
    ])
    #expect(throws: ScaleNetError.self) { try Architecture.recognize(other, source: "vgg.pth") }
    do {
      _ = try Architecture.recognize(other, source: "vgg.pth")
    } catch {
      let text = error.description
      #expect(
        text.hasPrefix("vgg.pth: no known architecture: expected weights such as layer1.0.conv2.0.weight"))
      #expect(text.contains("found 4 tensors: features.0.weight, features.0.bias, a\\u{a}b, …"))
      #expect(!text.contains("\n"))
    }
    do {
      _ = try Architecture.recognize(StateDict(), source: "empty.pth")
      Issue.record("recognised nothing at all")
    } catch {
      #expect(error.description.hasSuffix("found no tensors"))
    }
  }

  @Test func recognisesScaleNets() throws {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet50.spec.json")
    let found = try Architecture.recognize(weights, source: "w.pth")
    #expect(found.family == .scaleNet && found.displayName == "ScaleNet-50" && found.depths == [3, 4, 6, 3])
    #expect(found.structure == ReleasedScaleNet.scaleNet50.structure)
    #expect(found.leastInputSide == 125)
    #expect(try found.graph(weights).parametersAndMACs() == (31_483_618, 3_818_372_352))
  }

  @Test func builtInNamesAreUniqueAndFoundAgain() {
    let names = BuiltInArchitecture.allCases.map(\.name)
    #expect(Set(names).count == names.count && names.count == 20)
    for architecture in BuiltInArchitecture.allCases {
      #expect(BuiltInArchitecture(name: architecture.name) == architecture)
      #expect(architecture.architecture(classes: 7).classes == 7)
    }
    #expect(BuiltInArchitecture(name: "resnext101_32x8d") == .resNet(.resNeXt101))
    #expect(BuiltInArchitecture(name: "SE-ResNeXt-50 32x4d") == .resNet(.seResNeXt50))
    #expect(BuiltInArchitecture(name: "scalenet50_light") == .released(.scaleNet50Light))
    #expect(BuiltInArchitecture(name: "resnet51") == nil)
    #expect(BuiltInArchitecture.resNet(.seResNeXt50).architecture(classes: nil).classes == nil)
  }

  @Test func freshWeightsFollowThePublishedInitialisation() throws {
    var configuration = ResNetConfiguration(.seResNeXt50, classes: 10)
    configuration.blocks.removeAll { !$0.name.hasSuffix(".0") }
    let weights = configuration.initialWeights(seed: 5)
    func spread(_ key: String) throws -> (mean: Double, deviation: Double, largest: Double) {
      let values = try #require(weights[key]).doubles()
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return (mean, variance.squareRoot(), values.map(abs).max() ?? 0)
    }
    // PyTorch's fan-out does not divide by the groups: sqrt(2 / (9 * 256)).
    let grouped = try spread("layer2.0.conv2.weight")
    #expect(abs(grouped.deviation / 0.029463 - 1) < 0.03 && abs(grouped.mean) < 0.001)
    let squeeze = try spread("layer2.0.se.fc1.weight")
    #expect(abs(squeeze.deviation / 0.25 - 1) < 0.03)
    let bias = try spread("layer2.0.se.fc2.bias")
    #expect(bias.largest <= 0.17678 && bias.largest > 0.17)
    let linear = try spread("fc.weight")
    #expect(linear.largest <= 0.0220971 && abs(linear.deviation / 0.0127578 - 1) < 0.03)
    #expect(try spread("layer1.0.bn2.weight") == (1, 0, 1))
    // timm's begins so; torchvision's networks, which have no gates, do not.
    #expect(try spread("layer1.0.bn3.weight") == (0, 0, 0))
    let plain = ResNetConfiguration(.resNet18, classes: 10).initialWeights(seed: 5)
    #expect(try plain["layer1.0.bn2.weight"]?.floats().allSatisfy { $0 == 1 } == true)
    #expect(try spread("layer1.0.bn3.running_mean") == (0, 0, 0))
    let again = configuration.initialWeights(seed: 5)
    #expect(try again["fc.weight"]?.floats() == weights["fc.weight"]?.floats())
    #expect(
      try configuration.initialWeights(seed: 6)["fc.weight"]?.floats() != weights["fc.weight"]?.floats())
  }
}
