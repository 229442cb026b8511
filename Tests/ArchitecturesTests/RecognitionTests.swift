import FileIO
import ModelIR
import TestSupport
import Testing

@testable import Architectures

@Suite struct RecognitionTests {
  private static let released: [(String, ReleasedScaleNet)] = [
    ("scalenet50_light", .scaleNet50Light), ("scalenet50", .scaleNet50), ("scalenet101", .scaleNet101),
    ("scalenet152", .scaleNet152),
  ]

  @Test(arguments: released)
  func recognisesTheReleasedNetworks(name: String, released: ReleasedScaleNet) throws {
    let weights = try Fixtures.shapeOnlyWeights("full/\(name).spec.json")
    #expect(ScaleNetConfiguration.recognizes(weights))
    let found = try ScaleNetConfiguration(recognizing: weights, source: name)
    #expect(found.structure == released.structure)
    #expect(found.released == released)
    #expect(found.classes == 1000)
    #expect(found.disagreements(with: released.structure) == [])
  }

  @Test(arguments: released)
  func freshWeightsHaveThePublishedNamesAndShapes(name: String, released: ReleasedScaleNet) throws {
    let published = try Fixtures.shapeOnlyWeights("full/\(name).spec.json")
    let configuration = ScaleNetConfiguration(structure: released.structure, classes: 1000)
    let recognised = try ScaleNetConfiguration(recognizing: published, source: name)
    // Kernels differ where a file was made with integral division; both are published.
    #expect(configuration.blocks.map(\.name) == recognised.blocks.map(\.name))
    if name == "scalenet50" {
      let fresh = configuration.initialWeights(seed: 1)
      #expect(fresh.names == published.names)
      for entry in fresh.entries { #expect(entry.tensor.shape == published[entry.name]?.shape) }
    }
  }

  /// A ScaleNet with a stem of 6, planes 2, and one block a stage.
  private func small(changing change: (inout [String: TensorShape?]) -> Void = { _ in }) throws -> StateDict {
    var shapes: [(String, TensorShape)] = [("conv1.weight", [6, 3, 7, 7])]
    func normalization(_ name: String, _ count: Int) {
      for suffix in ["weight", "bias", "running_mean", "running_var"] {
        shapes.append(("\(name).\(suffix)", [count]))
      }
    }
    normalization("bn1", 6)
    for stage in 1...4 {
      let name = "layer\(stage).0"
      let input = stage == 1 ? 6 : 8
      shapes.append(("\(name).downsample.0.weight", [8, input, 1, 1]))
      normalization("\(name).downsample.1", 8)
      shapes.append(("\(name).conv1.weight", [2, input, 1, 1]))
      normalization("\(name).bn1", 2)
      for (index, channels) in [(0, 3), (1, 1), (3, 2)] {
        shapes.append(("\(name).conv2.\(index).weight", [channels, 2, 3, 3]))
        normalization("\(name).bn2.\(index)", channels)
      }
      shapes.append(("\(name).conv3.weight", [8, 6, 1, 1]))
      normalization("\(name).bn3", 8)
    }
    shapes.append(("fc.weight", [5, 8]))
    shapes.append(("fc.bias", [5]))
    var changes: [String: TensorShape?] = [:]
    change(&changes)
    var result: [(String, TensorShape)] = shapes.compactMap { name, shape in
      guard let changed = changes.removeValue(forKey: name) else { return (name, shape) }
      return changed.map { (name, $0) }
    }
    for (name, shape) in changes.sorted(by: { $0.key < $1.key }) {
      if let shape { result.append((name, shape)) }
    }
    return try Fixtures.stateDict(result)
  }

  private func problems(_ weights: StateDict) -> [String] {
    do {
      _ = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
      return []
    } catch {
      guard "\(error)".hasPrefix("w.pth: not the weights of a ScaleNet: ") else {
        return ["another error: \(error)"]
      }
      return error.problems
    }
  }

  @Test func recognisesAnyWidth() throws {
    let found = try ScaleNetConfiguration(recognizing: try small(), source: "w.pth")
    #expect(found.stemChannels == 6)
    #expect(found.depths == [1, 1, 1, 1])
    #expect(found.blocks[1].planes == 2 && found.blocks[1].outputChannels == 8)
    #expect(found.blocks[0].scales.map(\.index) == [0, 1, 3])
    #expect(found.classes == 5)
    #expect(found.structure.rows[0] == Structure.Row(channels: [3, 1, 0, 2], side: 56))
    #expect(found.released == nil)
  }

  @Test func recognisesABackbone() throws {
    let weights = try small {
      $0["fc.weight"] = .some(nil)
      $0["fc.bias"] = .some(nil)
    }
    #expect(try ScaleNetConfiguration(recognizing: weights, source: "w.pth").classes == nil)
  }

  @Test func recognisesAFinalLayerBehindDropout() throws {
    let weights = try small {
      $0["fc.weight"] = .some(nil)
      $0["fc.bias"] = .some(nil)
      $0["fc.1.weight"] = [5, 8, 1, 1]
      $0["fc.1.bias"] = [5]
    }
    let found = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
    #expect(found.classes == 5)
    #expect(found.classifier == "fc.1")
    let graph = try found.graph(weights)
    #expect(graph.nodes.last?.name == "fc.1")
    #expect(graph[try #require(graph.value(named: "fc.1.weight"))].type.shape == [5, 8])
  }

  @Test func listsMissingUnexpectedAndMisshapedKeysAtOnce() throws {
    let weights = try small {
      $0["bn1.running_var"] = .some(nil)
      $0["layer2.0.bn3.bias"] = [7]
      $0["layer3.0.conv2.1.weight"] = [1, 2, 3, 1]
      $0["head.weight"] = [4]
      $0["fc.bias"] = .some(nil)
    }
    #expect(
      problems(weights) == [
        "missing bn1.running_var, expected shape [6]",
        "layer2.0.bn3.bias: expected shape [8], found [7]",
        "layer3.0.conv2.1.weight: expected shape a kernel of 1x1 or 3x3, found [1, 2, 3, 1]",
        "missing fc.bias, expected shape [5]",
        "unexpected head.weight, shape [4]",
      ])
  }

  @Test func listsABlockThatIsMissing() throws {
    let weights = try small { $0["layer1.2.conv1.weight"] = [2, 8, 1, 1] }
    let found = problems(weights)
    #expect(found.contains("missing layer1.1.conv1.weight, expected shape [?, 8, 1, 1]"))
    #expect(found.contains { $0.hasPrefix("missing layer1.2.conv3.weight") })
  }

  @Test func listsDisagreementsWithAStructure() throws {
    let found = try ScaleNetConfiguration(recognizing: try small(), source: "w.pth")
    var structure = found.structure
    #expect(
      found.disagreements(with: structure) == [
        "row 3 (layer4.0), column 3: side 7 makes the kernel 1x1, the weights' is 3x3"
      ])
    structure.rows[0].channels[1] = 2
    structure.rows[1].side = 14
    structure.rows.append(Structure.Row(channels: [1, 0, 0, 0], side: 7))
    let problems = found.disagreements(with: structure)
    #expect(
      problems.prefix(3) == [
        "expected 4 rows, one for each block, found 5",
        "row 0 (layer1.0), column 1 (scale 2): 2 channels, the weights have 1",
        "row 1 (layer2.0), column 4: side is 14, the weights' stage has 28",
      ])
  }

  @Test func namesTheLeastInputThatWorks() throws {
    let weights = try small()
    let found = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
    let least = found.leastInputSide
    // Stage 4 pools by 7: its side must be 7, so that of the input is at least 4 * 8 * 6.25.
    #expect(least == 221)
    let good = BuildOptions(inputSize: InputSize(height: least, width: least))
    #expect(throws: Never.self) { try found.graph(weights, options: good) }
    let bad = BuildOptions(inputSize: InputSize(height: 500, width: least - 1))
    #expect(
      throws: ScaleNetError.inputTooSmall(
        height: 500, width: least - 1, least: least, place: "layer4.0.pool2.3")
    ) { try found.graph(weights, options: bad) }
  }
}
