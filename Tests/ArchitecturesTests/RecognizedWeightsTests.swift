import FileIO
import ModelIR
import TestSupport
import Testing

@testable import Architectures

/// Names that wrappers, profilers and averagers change, and networks beside each other in one file.
@Suite struct RecognizedWeightsTests {
  /// A ResNet-18 with torchvision's names and shapes.
  private func network() throws -> [(String, TensorShape)] {
    try Fixtures.shapeOnlyWeights("baselines/resnet18.spec.json").entries.map { ($0.name, $0.tensor.shape) }
  }

  private func recognize(
    _ shapes: [(String, TensorShape)], prefix: String? = nil, others: [String: String] = [:]
  ) throws -> RecognizedWeights {
    var weights = try Fixtures.stateDict(shapes)
    weights.others = others
    return try RecognizedWeights(weights, prefix: prefix, source: "w.pth")
  }

  private func message(_ found: RecognizedWeights) -> String {
    if case .failure(let error) = found.architecture { "\(error)" } else { "" }
  }

  @Test(arguments: [
    "module.", "_orig_mod.", "module._orig_mod.", "model.", "net.", "backbone.", "a.b.c.d.",
    "module.module.module.",
  ])
  func prefixesThatAllNamesHave(_ prefix: String) throws {
    let plain = try network()
    let found = try recognize(plain.map { (prefix + $0.0, $0.1) })
    #expect(found.weights.names == plain.map(\.0))
    #expect(try found.architecture.get().displayName == "ResNet-18")
    #expect(found.weights.notes == ["The prefix '\(prefix)' was removed from all names."])
  }

  @Test func namesWithoutAPrefixStay() throws {
    let plain = try network()
    let found = try recognize(plain)
    #expect(found.weights.names == plain.map(\.0))
    #expect(found.weights.notes == [])
    // Of weights of no network only wrappers are taken off: what else is common may be a part of the names.
    let unknown = try recognize([("module.encoder.a", [1]), ("module.encoder.b", [2])])
    #expect(unknown.weights.names == ["encoder.a", "encoder.b"])
    #expect(
      try recognize([("encoder.a", [1]), ("encoder.b", [2])]).weights.names == ["encoder.a", "encoder.b"])
  }

  @Test func oneOfSeveralNetworksIsChosen() throws {
    let plain = try network()
    let two = plain.map { ("student." + $0.0, $0.1) } + plain.map { ("teacher.module." + $0.0, $0.1) }
    let text = message(try recognize(two))
    #expect(text.contains("found a ResNet-18 under 'student.', a ResNet-18 under 'teacher.module.'"))
    #expect(text.hasSuffix("set prefix to 'student.' or another"))
    for prefix in ["teacher.", "teacher", "teacher.module."] {
      let found = try recognize(two, prefix: prefix)
      #expect(found.weights.names == plain.map(\.0))
      #expect(try found.architecture.get().displayName == "ResNet-18")
      #expect(found.weights.notes[0].contains("\(plain.count) tensors without it were left out"))
    }
    #expect(
      TestSupport.message { _ = try recognize(two, prefix: "other") }.contains(
        "'student.', 'teacher.', found 'other.'"))
  }

  @Test func countersAreLeftOut() throws {
    let plain = try network()
    let wrapped = [("n_averaged", TensorShape([]))] + plain.map { ("module." + $0.0, $0.1) }
    #expect(try recognize(wrapped).weights.names == plain.map(\.0))
    let profiled = plain + [("total_ops", [1]), ("layer1.0.conv1.total_params", [1])]
    let found = try recognize(profiled)
    #expect(found.weights.names == plain.map(\.0))
    #expect(found.weights.notes == ["Left out, as a counter and no weight: 'total_ops' and 1 more."])
  }

  @Test func whatIsNoTensorIsSaidWhereAWeightIsMissed() throws {
    let plain = try network().filter { $0.0 != "fc.weight" }
    let found = try recognize(
      plain.map { ("module." + $0.0, $0.1) },
      others: ["module.fc.weight": "an object of 'a.B'", "module.x": "None"])
    #expect(
      message(found)
        == "w.pth: not the weights of a ResNet: fc.weight: expected a tensor, found an object of 'a.B'")
  }

  @Test func theFinalLayerBehindDropoutOrAsAConvolution() throws {
    let plain = try network()
    func replacing(_ names: [String: (String, TensorShape)]) throws -> RecognizedWeights {
      try recognize(plain.map { names[$0.0] ?? $0 })
    }
    let behind = try replacing(["fc.weight": ("fc.1.weight", [1000, 512]), "fc.bias": ("fc.1.bias", [1000])])
    #expect(try behind.architecture.get().displayName == "ResNet-18")
    #expect(try behind.architecture.get().classes == 1000)
    let graph = try behind.architecture.get().graph(behind.weights)
    #expect(graph.nodes.last?.name == "fc.1")
    let convolution = try replacing([
      "fc.weight": ("fc.weight", [7, 512, 1, 1]), "fc.bias": ("fc.bias", [7]),
    ])
    #expect(try convolution.architecture.get().classes == 7)
    let flat = try convolution.architecture.get().graph(convolution.weights)
    #expect(flat[try #require(flat.value(named: "fc.weight"))].type.shape == [7, 512])
    // Two layers are no final layer of a ResNet.
    let deep = try recognize(plain + [("fc.3.weight", [2, 1000]), ("fc.3.bias", [2])])
    #expect(message(deep).contains("unexpected fc.3.weight"))
    let wide = try replacing(["fc.weight": ("fc.weight", [7, 512, 3, 3])])
    #expect(message(wide).contains("fc.weight: expected shape [?, 512, 1, 1], found [7, 512, 3, 3]"))
  }

  @Test func theNearestNetworkIsNamed() throws {
    let text = message(
      try recognize([("conv1.weight", [64, 3, 7, 7]), ("bn1.weight", [64]), ("head.w", [1])]))
    #expect(text.hasPrefix("w.pth: no known architecture: nearest is ResNet-18, of whose "))
    #expect(text.contains("names 2 are there: "))
    #expect(text.contains("missing bn1.bias, expected shape [64]; unexpected head.w, shape [1]"))
    let none = message(try recognize([("a.b", [1])]))
    #expect(none.contains("no known architecture: expected weights such as layer1.0.conv2.0.weight"))
  }
}
