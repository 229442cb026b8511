import Execution
import FileIO
import FoundationEssentials
import Kernels
import ModelIR
import TestSupport
import Testing

@testable import Architectures

/// What timm, torchvision and the tests' own modules compute with the networks that ScaleNet is compared with.
@Suite struct FamilyTests {
  /// Rounding of float32, of the largest logit.
  private static let tolerance: Float = 1e-5

  struct Case: Decodable {
    let name: String
    let input: [Int]
    let weights: [NamedShape]
    let output: [Float]
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ file: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(try Fixtures.bytes("family/\(file).json")))
  }

  private static func weights(_ shapes: [NamedShape]) -> StateDict {
    var weights = StateDict()
    for weight in shapes {
      weights.append(weight.name, DeterministicElements.weight(weight.name, TensorShape(weight.shape)))
    }
    return weights
  }

  /// The largest difference from the expected logits, as a part of the largest logit.
  private func difference(_ case: Case, options: BuildOptions = BuildOptions()) throws -> Float {
    let weights = Self.weights(`case`.weights)
    var options = options
    options.inputSize = InputSize(height: `case`.input[0], width: `case`.input[1])
    options.batch = 1
    let graph = try Architecture.recognize(weights, source: `case`.name).graph(weights, options: options)
    // Every weight is used, but for the counters of batches and heads for training.
    let stored = Set(graph.initializers.map { graph[$0].name })
    let unused = weights.names.filter { name in
      !stored.contains(name) && !name.hasSuffix("num_batches_tracked") && !name.hasPrefix("aux")
    }
    #expect(unused.isEmpty)
    let executor = try Executor(graph, kernels: baselineKernels())
    let image = DeterministicElements.image(
      height: options.inputSize.height, width: options.inputSize.width)
    let found = try #require(try executor.run(["input": image]).first).tensor.floats()
    #expect(found.count == `case`.output.count)
    let largest = `case`.output.map(abs).max() ?? 0
    return zip(found, `case`.output).map { abs($0 - $1) }.max().map { $0 / largest } ?? .infinity
  }

  private static let expected: [(String, ArchitectureFamily, String)] = [
    ("C", .resNet, "ResNet-17-C"), ("D", .resNet, "ResNet-17-C"), ("basic D", .resNet, ""),
    ("T with attention", .seResNet, "SE-ResNet-17-T"), ("replaced pool", .resNet, ""),
    ("efficient attention", .ecaResNet, ""), ("efficient attention, ECANet's names", .ecaResNet, ""),
    ("group norm", .resNet, "ResNet-17-GN"), ("wide", .resNet, "ResNet (2-1-1-1 blocks)"),
    ("CIFAR", .resNet, "ResNet-10-CIFAR"), ("CIFAR, other names", .resNet, "ResNet-10-CIFAR"),
    ("3x3 shortcut", .seResNeXt, ""), ("Res2Net", .res2Net, "Res2Net-17 6w 4s"),
    ("Res2Net of two", .res2Net, ""), ("Res2NeXt", .res2NeXt, ""), ("SK basic", .skNet, "SKNet-12"),
    ("SK", .skNet, ""), ("SK grouped", .skNet, ""), ("ResNeSt", .resNeSt, ""),
    ("ResNeSt 4s2x", .resNeSt, ""), ("ResNeSt 1s4x", .resNeSt, ""), ("GoogLeNet", .googLeNet, "GoogLeNet"),
    ("MixNet", .mixNet, "MixNet-S"), ("OctConv", .octResNet, "OctConv-ResNet-20 (alpha 0.5)"),
    ("OctConv of a quarter", .octResNet, "OctConv-ResNet-17 (alpha 0.25)"),
    ("Big-Little", .bigLittle, "bL-ResNet-(3-4-6-2) (alpha 2)"),
    ("Big-Little gated", .bigLittle, "bL-SE-ResNeXt-(2-3-4-1) 8x2d (alpha 4)"),
  ]

  @Test(arguments: expected)
  func computesWhatThePublishedImplementationDoes(
    name: String, family: ArchitectureFamily, displayName: String
  ) throws {
    let cases = try decode([Case].self, "outputs").filter { $0.name == name }
    #expect(cases.count == 2)
    let found = try Architecture.recognize(Self.weights(try #require(cases.first).weights), source: name)
    #expect(found.family == family)
    if name != "D", !displayName.isEmpty { #expect(found.displayName == displayName) }
    for `case` in cases { #expect(try difference(`case`) < Self.tolerance) }
  }

  @Test func buildsWhatWeightsDoNotTellWhereItIsAskedFor() throws {
    let asked: [(String, BuildOptions)] = [
      ("blur", BuildOptions(antiAliasing: .blur)), ("basic blur", BuildOptions(antiAliasing: .blur)),
      ("average", BuildOptions(antiAliasing: .average)),
      ("MixNet like TensorFlow", BuildOptions(padsLikeTensorFlow: true)),
    ]
    let all = try decode([Case].self, "outputs")
    for (name, options) in asked {
      let cases = all.filter { $0.name == name }
      #expect(cases.count == 2)
      for `case` in cases {
        #expect(try difference(`case`, options: options) < Self.tolerance)
        #expect(try difference(`case`) > 1e-3)
      }
    }
    let scaled = try #require(all.first { $0.name == "GoogLeNet" })
    #expect(try difference(scaled, options: BuildOptions(rescalesInput: false)) > 1e-3)
  }

  @Test func refusesOptionsOfOtherNetworks() throws {
    let all = try decode([Case].self, "outputs")
    let refused: [(String, BuildOptions)] = [
      ("GoogLeNet", BuildOptions(antiAliasing: .blur)), ("MixNet", BuildOptions(rescalesInput: true)),
      ("D", BuildOptions(padsLikeTensorFlow: true)), ("OctConv", BuildOptions(features: true)),
      ("OctConv", BuildOptions(inputSize: InputSize(height: 224, width: 200))),
      ("Res2Net", BuildOptions(antiAliasing: .average)),
      ("Big-Little", BuildOptions(stridePlacement: .first)),
    ]
    for (name, options) in refused {
      let weights = Self.weights(try #require(all.first { $0.name == name }).weights)
      let network = try Architecture.recognize(weights, source: name)
      #expect(throws: ScaleNetError.self) { try network.graph(weights, options: options) }
    }
  }

  @Test func listsWhatIsWrongWithTheWeights() throws {
    let all = try decode([Case].self, "outputs")
    func problems(_ name: String, without key: String) throws -> [String] {
      let shapes = try #require(all.first { $0.name == name }).weights
      #expect(shapes.contains { $0.name == key })
      var weights = StateDict()
      for weight in shapes where weight.name != key {
        weights.append(weight.name, .zeros(shape: TensorShape(weight.shape)))
      }
      weights.append("extra.weight", .zeros(shape: [3]))
      do {
        _ = try Architecture.recognize(weights, source: "w.pth")
        return []
      } catch {
        return error.problems
      }
    }
    let extra = "unexpected extra.weight, shape [3]"
    #expect(
      try problems("GoogLeNet", without: "inception4c.branch2.1.bn.bias") == [
        "missing inception4c.branch2.1.bn.bias, expected shape [256]", extra,
      ])
    #expect(
      try problems("MixNet", without: "blocks.3.1.se.conv_reduce.bias") == [
        "missing blocks.3.1.se.conv_reduce.bias, expected shape [20]", extra,
      ])
    #expect(
      try problems("OctConv", without: "layer1.0.conv2.conv.conv_l2h.weight") == [
        "missing layer1.0.conv2.conv.conv_l2h.weight, expected shape [?, 4, 3, 3]", extra,
      ])
    #expect(
      try problems("Big-Little", without: "layer2.little_e.1.bias") == [
        "missing layer2.little_e.1.bias, expected shape [128]", extra,
      ])
    #expect(
      try problems("Res2Net", without: "layer1.0.convs.1.weight") == [
        "missing layer1.0.convs.1.weight, expected shape [6, 6, 3, 3]", extra,
      ])
    #expect(
      try problems("ResNeSt", without: "layer1.0.conv2.fc2.bias") == [
        "missing layer1.0.conv2.fc2.bias, expected shape [32]", extra,
      ])
    #expect(
      try problems("SK", without: "layer1.0.conv2.attn.bn.bias") == [
        "missing layer1.0.conv2.attn.bn.bias, expected shape [8]", extra,
      ])
    #expect(
      try problems("efficient attention", without: "layer1.1.se.conv.weight") == [
        "missing layer1.1.se.conv.weight, expected shape [1, 1, ?]", extra,
      ])
  }

  private struct Cost: Decodable {
    var parameters: Int
    var macs: Int
  }

  /// torchvision's metadata has 6,624,904 parameters and 1.498 G of GoogLeNet, 68,883,240 and 11.398 G of the wide
  /// ResNet; the authors of Big-Little Net 2.85 G, of Res2Net 25.7 M and 4.2 G, of ResNeSt 27.5 M and 5.39 G.
  @Test func costsWhatPyTorchCounts() throws {
    let specs = try decode([String: [NamedShape]].self, "specs")
    let costs = try decode([String: Cost].self, "costs")
    #expect(specs.count == 12 && costs.count == 12)
    let names = [
      "resnet50d": "ResNet-50-D", "ecaresnet50d": "ECA-ResNet-50-D", "resnet50_gn": "ResNet-50-GN",
      "wide_resnet50_2": "Wide ResNet-50-2", "res2net50_26w_4s": "Res2Net-50 26w 4s",
      "skresnext50_32x4d": "SKNet-50 32x4d", "resnest50d": "ResNeSt-50-D", "mixnet_s": "MixNet-S",
      "mixnet_xl": "MixNet-XL", "torchvision/googlenet+aux": "GoogLeNet",
      "oct_resnet50": "OctConv-ResNet-50 (alpha 0.5)", "blresnet50": "bL-ResNet-50 (alpha 2)",
    ]
    for (name, spec) in specs {
      let weights = try Fixtures.stateDict(spec.map { ($0.name, TensorShape($0.shape)) })
      let network = try Architecture.recognize(weights, source: name)
      #expect(network.displayName == names[name])
      let graph = try network.graph(weights)
      let stored = graph.initializers.filter { weights[graph[$0].name] != nil }
      let learned = stored.filter { !graph[$0].name.contains(".running_") }
      let parameters = learned.reduce(0) { $0 + (graph.initializer($1)?.elementCount ?? 0) }
      #expect(parameters == costs[name]?.parameters, "\(name)")
      #expect(graph.parametersAndMACs().macs == costs[name]?.macs, "\(name)")
    }
  }

  @Test func tellsTheScalesOfEveryNetwork() throws {
    let specs = try decode([String: [NamedShape]].self, "specs")
    func table(_ name: String) throws -> ScaleTable? {
      let weights = try Fixtures.stateDict(
        try #require(specs[name]).map { ($0.name, TensorShape($0.shape)) })
      return try Architecture.recognize(weights, source: name).scaleTable
    }
    let mixNet = try #require(try table("mixnet_s"))
    #expect(mixNet.origins == [.kernels] && mixNet.join == .concatenation && mixNet.mostScales == 5)
    #expect(mixNet.scales == ["3x3", "5x5", "7x7", "9x9", "11x11"])
    #expect(mixNet.blocks[13] == .init(name: "blocks.5.0", channels: [144, 144, 144, 144, 144]))
    let googLeNet = try #require(try table("torchvision/googlenet+aux"))
    // The paper's own table: 64, 128, 32 and 32 channels of module 3a.
    #expect(googLeNet.blocks[0] == .init(name: "inception3a", channels: [64, 128, 32, 32]))
    #expect(googLeNet.origins == [.kernels, .pools] && googLeNet.mostScales == 4)
    let res2Net = try #require(try table("res2net50_26w_4s"))
    #expect(res2Net.blocks[0] == .init(name: "layer1.0", channels: [26, 26, 26, 26]))
    #expect(res2Net.origins == [.splits] && res2Net.join == .concatenation && res2Net.blocks.count == 16)
    let skNet = try #require(try table("skresnext50_32x4d"))
    #expect(skNet.scales == ["3x3", "5x5"] && skNet.join == .sum)
    #expect(skNet.blocks[0].channels == [128, 128])
    let resNeSt = try #require(try table("resnest50d"))
    #expect(resNeSt.blocks[0].channels == [64, 64] && resNeSt.origins == [.splits])
    let octave = try #require(try table("oct_resnet50"))
    #expect(octave.blocks[0].channels == [32, 32] && octave.blocks[15].channels == [512, 0])
    let bigLittle = try #require(try table("blresnet50"))
    #expect(bigLittle.blocks.map(\.channels) == [[128, 256], [256, 512], [512, 1024]])
    #expect(try table("resnet50d") == nil)
    let scaleNet = BuiltInArchitecture.released(.scaleNet50).architecture()
    #expect(scaleNet.scaleTable?.blocks[0].channels == scaleNet.structure?.rows[0].channels)
  }

  @Test func saysWhatWasAssumed() throws {
    let specs = try decode([String: [NamedShape]].self, "specs")
    func assumed(_ name: String) throws -> [String] {
      let weights = try Fixtures.stateDict(
        try #require(specs[name]).map { ($0.name, TensorShape($0.shape)) })
      return try Architecture.recognize(weights, source: name).configuration.assumptions.map(\.value)
    }
    #expect(try assumed("torchvision/googlenet+aux").count == 1)
    #expect(try assumed("resnet50_gn") == ["GroupNorm of 32 groups, as there are no running statistics"])
    #expect(try assumed("resnest50d") == ["behind its split attention"])
    #expect(try assumed("skresnext50_32x4d") == ["1, 2: 5x5 as 3x3 of dilation 2"])
    #expect(try assumed("mixnet_s").count == 3)
    #expect(try assumed("resnet50d") == [])
  }
}
