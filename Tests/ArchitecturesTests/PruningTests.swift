import Architectures
import Execution
import Kernels
import ModelIR
import TestSupport
import Testing

@Suite struct PruningTests {
  private static let seed: ScaleNetConfiguration = {
    var seed = ScaleNetSeed.scaleNet50.configuration(classes: 3)
    seed.stemChannels = 4
    seed.blocks = seed.blocks.filter { $0.name.hasSuffix(".0") }
    for index in seed.blocks.indices {
      seed.blocks[index].inputChannels = index == 0 ? 4 : 8
      seed.blocks[index].planes = 4
      seed.blocks[index].outputChannels = 8
      for scale in seed.blocks[index].scales.indices { seed.blocks[index].scales[scale].channels = 4 }
    }
    return seed
  }()

  /// Gammas: scale 0 keeps all, scale 1 its channels 1 and 3, scale 2 its channel 2, scale 3 none.
  private func weights(as type: DataType = .float32) -> StateDict {
    let gammas: [[Float]] = [[9, 9, 9, 9], [0, 8, 0, -8], [0, 0, 7, 0], [0, 0, 0, 0]]
    var result = StateDict()
    for entry in Self.seed.initialWeights(seed: 4).entries {
      var tensor = entry.tensor
      for (scale, values) in gammas.enumerated() where entry.name.hasSuffix("bn2.\(scale).weight") {
        tensor = Tensor(values, shape: [4])
      }
      result.append(entry.name, tensor.dataType == .float32 ? tensor.cast(to: type) : tensor)
    }
    return result
  }

  @Test func keepsRowsAndColumns() throws {
    let weights = weights()
    let allocator = try ChannelAllocator(seed: Self.seed, weights: weights, source: "seed.pth")
    let allocation = try allocator.allocate(.width(1.75))
    #expect(allocation.blocks[0].kept == [[0, 1, 2, 3], [1, 3], [2], []])
    let pruned = try allocator.prunedWeights(allocation)

    // What is left is a network, and the one that was announced.
    let found = try ScaleNetConfiguration(recognizing: pruned, source: "pruned.pth")
    #expect(found == allocation.configuration)
    #expect(!pruned.names.contains { $0.contains("2.3.") })
    #expect(pruned.names == weights.names.filter { !$0.contains("2.3.") })

    let name = "layer2.0.conv2.1.weight"
    let rows = try #require(weights[name]).floats()
    #expect(try pruned[name]?.floats() == Array(rows[36..<72] + rows[108..<144]))
    #expect(try pruned["layer2.0.bn2.1.weight"]?.floats() == [8, -8])
    // 16 columns, of which 0-3, 4 + 1, 4 + 3 and 8 + 2 stay.
    let columns = try #require(weights["layer2.0.conv3.weight"]).floats()
    let kept = [0, 1, 2, 3, 5, 7, 10]
    let expected = (0..<8).flatMap { row in kept.map { columns[row * 16 + $0] } }
    #expect(pruned["layer2.0.conv3.weight"]?.shape == [8, 7, 1, 1])
    #expect(try pruned["layer2.0.conv3.weight"]?.floats() == expected)
    // A scale that keeps everything is not copied.
    #expect(pruned["layer2.0.conv2.0.weight"]?.storage === weights["layer2.0.conv2.0.weight"]?.storage)
    #expect(pruned["fc.weight"]?.storage === weights["fc.weight"]?.storage)
  }

  @Test func keepsTheElementType() throws {
    let weights = weights(as: .float16)
    let allocator = try ChannelAllocator(seed: Self.seed, weights: weights, source: "seed.pth")
    let pruned = try allocator.prunedWeights(try allocator.allocate(.width(1.75)))
    let single = try #require(pruned["layer1.0.conv2.2.weight"])
    #expect(single.dataType == .float16 && single.shape == [1, 4, 3, 3])
    let rows = try #require(weights["layer1.0.conv2.2.weight"]).floats()
    #expect(try single.floats() == Array(rows[72..<108]))
  }

  @Test func keepsAllWhereAllFits() throws {
    let weights = weights()
    let allocator = try ChannelAllocator(seed: Self.seed, weights: weights, source: "seed.pth")
    let pruned = try allocator.prunedWeights(try allocator.allocate(.macs(.max)))
    #expect(pruned.names == weights.names)
    for entry in pruned.entries { #expect(entry.tensor.storage === weights[entry.name]?.storage) }
  }

  /// The logits of a ScaleNet for an image that leaves something at every scale.
  private func logits(_ weights: StateDict) throws -> [Float] {
    let network = try Architecture.recognize(weights, source: "w.pth")
    let size = InputSize(height: 224, width: 230)
    let graph = try network.graph(weights, options: BuildOptions(inputSize: size, batch: 1))
    let executor = try Executor(graph, kernels: baselineKernels())
    let image = DeterministicElements.image(height: size.height, width: size.width)
    return try #require(try executor.run(["input": image]).first).tensor.floats()
  }

  @Test func computesWhatTheSeedDoesWithLostChannelsAtZero() throws {
    var seed = StateDict()
    for entry in Self.seed.initialWeights(seed: 4).entries {
      seed.append(entry.name, DeterministicElements.weight(entry.name, entry.tensor.shape))
    }
    let allocator = try ChannelAllocator(seed: Self.seed, weights: seed, source: "seed.pth")
    let allocation = try allocator.allocate(.width(2))
    let pruned = try allocator.prunedWeights(allocation)
    // Gamma and beta of 0 make a channel 0 behind its normalisation, and the ReLU leaves it there.
    var zeroed = StateDict()
    for entry in seed.entries {
      let parts = entry.name.split(separator: ".")
      guard parts.count == 5, parts[2] == "bn2", let scale = Int(parts[3]),
        ["weight", "bias"].contains(parts[4])
      else {
        zeroed.append(entry.name, entry.tensor)
        continue
      }
      let block = try #require(allocation.blocks.first { $0.name == "\(parts[0]).\(parts[1])" })
      var values = try entry.tensor.floats()
      for channel in values.indices where !block.kept[scale].contains(channel) { values[channel] = 0 }
      zeroed.append(entry.name, Tensor(values, shape: entry.tensor.shape))
    }
    let expected = try logits(zeroed)
    let found = try logits(pruned)
    let largest = expected.map(abs).max() ?? 0
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-5 * largest) }
    // The seed as it is computes something else: zeroing does matter.
    let whole = try logits(seed)
    #expect(zip(found, whole).contains { abs($0 - $1) > 1e-2 * largest })
  }
}
