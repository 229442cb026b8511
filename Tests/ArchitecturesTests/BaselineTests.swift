import FileIO
import ModelIR
import TestSupport
import Testing

@testable import Architectures

@Suite struct BaselineTests {
  @Test(arguments: BaselineFixture.all)
  func recognisesWhatTorchvisionAndTimmWrite(fixture: BaselineFixture) throws {
    let weights = try Fixtures.shapeOnlyWeights(fixture.path)
    let found = try Architecture.recognize(weights, source: fixture.file)
    #expect(found.displayName == fixture.displayName)
    #expect(found.family == fixture.family)
    #expect(found.classes == 1000)
    #expect(found.imageChannels == 3)
    #expect(found.structure == nil)
    guard case .resNet(let configuration) = found else {
      Issue.record("not a ResNet: \(found)")
      return
    }
    #expect(configuration.published == fixture.network)
    #expect(configuration.naming == (fixture.isLegacy ? .pretrainedModels : .torchvision))
    let stepsFirst = fixture.isLegacy && fixture.family == .seResNet
    #expect(configuration.stridePlacement == (stepsFirst ? .first : .middle))
  }

  @Test(arguments: BaselineFixture.all)
  func costsWhatFvcoreCounts(fixture: BaselineFixture) throws {
    let expected = try #require(try BaselineFixture.costs()[fixture.file])
    let weights = try Fixtures.shapeOnlyWeights(fixture.path)
    let graph = try Architecture.recognize(weights, source: fixture.file).graph(weights)
    let found = graph.parametersAndMACs()
    #expect(found.parameters == expected.parameters)
    #expect(found.macs == expected.macs)
  }

  @Test(arguments: BaselineFixture.all)
  func freshWeightsHaveThePublishedNamesAndShapes(fixture: BaselineFixture) throws {
    // To draw them takes long; those of other depths are made by the same rule.
    let drawn = ["resnet18", "seresnext50_32x4d", "legacy_seresnet50"]
    guard let network = fixture.network, drawn.contains(fixture.file) else { return }
    let published = try Fixtures.shapeOnlyWeights(fixture.path)
    var configuration = ResNetConfiguration(network, classes: 1000)
    if fixture.isLegacy { configuration.naming = .pretrainedModels }
    let fresh = configuration.initialWeights(seed: 3)
    #expect(fresh.names == published.names)
    for entry in fresh.entries { #expect(entry.tensor.shape == published[entry.name]?.shape) }
  }

  private func graph(_ file: String, _ options: BuildOptions = BuildOptions()) throws -> Graph {
    let weights = try Fixtures.shapeOnlyWeights("baselines/\(file).spec.json")
    return try Architecture.recognize(weights, source: file).graph(weights, options: options)
  }

  private func window(_ graph: Graph, _ name: String) -> Window? {
    switch graph.node(named: name)?.op {
    case .conv(let conv): conv.window
    case .maxPool(let pool): pool.window
    default: nil
    }
  }

  @Test func stepsWhereTheNamingSays() throws {
    let modern = try graph("seresnet50")
    #expect(window(modern, "layer2.0.conv1") == Window(1))
    #expect(window(modern, "layer2.0.conv2") == Window(3, stride: 2, pad: 1))
    #expect(window(modern, "layer2.0.downsample.0") == Window(1, stride: 2))
    #expect(window(modern, "maxpool") == Window(3, stride: 2, pad: 1))
    let legacy = try graph("legacy_seresnet50")
    #expect(window(legacy, "layer2.0.conv1") == Window(1, stride: 2))
    #expect(window(legacy, "layer2.0.conv2") == Window(3, pad: 1))
    #expect(
      legacy.node(named: "maxpool")?.op == .maxPool(MaxPool(window: Window(3, stride: 2), ceilMode: true)))
    let grouped = try graph("legacy_seresnext50_32x4d")
    #expect(window(grouped, "layer2.0.conv2") == Window(3, stride: 2, pad: 1))
    let basic = try graph("resnet18")
    #expect(window(basic, "layer2.0.conv1") == Window(3, stride: 2, pad: 1))
    #expect(window(basic, "layer2.0.conv2") == Window(3, pad: 1))
    #expect(basic.node(named: "layer1.0.downsample.0") == nil)
  }

  @Test func stepsWhereAnOptionSays() throws {
    let costs = try BaselineFixture.costs()
    let first = try graph("seresnet50", BuildOptions(stridePlacement: .first))
    #expect(first.parametersAndMACs().macs == costs["legacy_seresnet50"]?.macs)
    let middle = try graph("legacy_seresnet50", BuildOptions(stridePlacement: .middle))
    #expect(middle.parametersAndMACs().macs == costs["seresnet50"]?.macs)
    #expect(throws: ScaleNetError.self) {
      try self.graph("resnet18", BuildOptions(stridePlacement: .first))
    }
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet50.spec.json")
    let scaleNet = try Architecture.recognize(weights, source: "w.pth")
    #expect(throws: ScaleNetError.self) {
      try scaleNet.graph(weights, options: BuildOptions(stridePlacement: .first))
    }
  }

  @Test func buildsSqueezeAndExcitation() throws {
    let graph = try graph("seresnext50_32x4d")
    let expected = ["GlobalAveragePool", "Conv", "Relu", "Conv", "Sigmoid", "Mul"]
    let module = graph.nodes.filter { $0.name.hasPrefix("layer3.1.se.") }
    #expect(module.map(\.op.name) == expected)
    #expect(graph[module[2].outputs[0]].type.binding(1).shape == [1, 64, 1, 1])
    #expect(graph[module[5].outputs[0]].type.binding(1).shape == [1, 1024, 14, 14])
    guard case .conv(let conv)? = graph.node(named: "layer3.1.conv2")?.op else {
      Issue.record("no grouped convolution")
      return
    }
    #expect(conv.group == 32)
    // The factor meets what the third normalisation gives, before the shortcut is added.
    #expect(module[5].inputs[0] == graph.node(named: "layer3.1.bn3")?.outputs[0])
    #expect(graph.node(named: "layer3.1.add")?.inputs[0] == module[5].outputs[0])
  }

  @Test func givesFeatureMapsAndBackbones() throws {
    let features = try graph("resnet50", BuildOptions(batch: 1, features: true))
    #expect(
      features.outputs.map { features[$0].type.shape } == [
        [1, 256, 56, 56], [1, 512, 28, 28], [1, 1024, 14, 14], [1, 2048, 7, 7],
      ])
    var weights = StateDict()
    for entry in try Fixtures.shapeOnlyWeights("baselines/resnet50.spec.json").entries
    where !entry.name.hasPrefix("fc.") {
      weights.append(entry.name, entry.tensor)
    }
    let backbone = try Architecture.recognize(weights, source: "w.pth")
    #expect(backbone.classes == nil)
    let graph = try backbone.graph(weights, options: BuildOptions(batch: 1))
    #expect(graph.outputs.map { graph[$0].type.shape } == [[1, 2048]])
  }

  @Test func namesTheLeastInputThatWorks() throws {
    #expect(BuiltInArchitecture.resNet(.resNet50).architecture().leastInputSide == 1)
    // The unpadded pool wants 3 pixels, PyTorch's convolution makes 3 of 5.
    let weights = try Fixtures.shapeOnlyWeights("baselines/legacy_seresnet50.spec.json")
    let legacy = try Architecture.recognize(weights, source: "w.pth")
    #expect(legacy.leastInputSide == 5)
    #expect(throws: Never.self) {
      try legacy.graph(weights, options: BuildOptions(inputSize: InputSize(height: 5, width: 5)))
    }
    #expect(
      throws: ScaleNetError.inputTooSmall(height: 9, width: 4, least: 5, place: "maxpool")
    ) { try legacy.graph(weights, options: BuildOptions(inputSize: InputSize(height: 9, width: 4))) }
  }
}
