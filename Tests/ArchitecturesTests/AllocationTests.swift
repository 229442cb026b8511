import FileIO
import ModelIR
import TestSupport
import Testing

@testable import Architectures

@Suite struct AllocationTests {
  /// A seed of four blocks with 4 planes in every stage and channels at all scales.
  private static let smallSeed: ScaleNetConfiguration = {
    var seed = ScaleNetSeed.scaleNet50.configuration(classes: 10)
    seed.stemChannels = 4
    seed.blocks = seed.blocks.filter { $0.name.hasSuffix(".0") }
    for index in seed.blocks.indices {
      seed.blocks[index].inputChannels = index == 0 ? 4 : 16
      seed.blocks[index].planes = 4
      seed.blocks[index].outputChannels = 16
      for scale in seed.blocks[index].scales.indices { seed.blocks[index].scales[scale].channels = 4 }
    }
    return seed
  }()

  /// Weights whose gammas are given, by block and scale; everything else is of the seed's initialisation.
  private func weights(
    _ seed: ScaleNetConfiguration, gammas: (_ block: Int, _ scale: Int) -> [Float]
  ) -> StateDict {
    var given: [String: [Float]] = [:]
    for (index, block) in seed.blocks.enumerated() {
      for scale in block.scales {
        given["\(block.name).bn2.\(scale.index).weight"] = gammas(index, scale.index)
      }
    }
    var result = StateDict()
    for entry in seed.initialWeights(seed: 9).entries {
      let values = given[entry.name]
      result.append(entry.name, values.map { Tensor($0, shape: [$0.count]) } ?? entry.tensor)
    }
    return result
  }

  /// Every block: scale 0 has 8, 6, 4, 2; scale 1 the same with other signs and order; scales 2 and 3 lie below.
  private static func handMade(block: Int, scale: Int) -> [Float] {
    switch scale {
    case 0: [8, -6, 4, 2]
    case 1: [-3, 5, 7, -1]
    case 2: [0.5, 0.25, -6.5, 0.125]
    default: [0, 0, 0, 0]
    }
  }

  @Test func keepsTheMostImportantOfAllScales() throws {
    let seed = Self.smallSeed
    let allocator = try ChannelAllocator(
      seed: seed, weights: weights(seed, gammas: Self.handMade), source: "seed.pth")
    // 1.5 * 4 = 6: the importances 8, 7, 6.5, 6, 5, 4.
    let found = try allocator.allocate(.width(1.5))
    for block in found.blocks {
      #expect(block.kept == [[0, 1, 2], [1, 2], [2], []])
      #expect(block.lost == [1, 2, 3, 4])
    }
    #expect(found.structure.rows.map(\.channels) == [[Int]](repeating: [3, 2, 1, 0], count: 4))
    #expect(found.width == 1.5 && found.macsBudget == nil)
    #expect(found.macsAfter == (try found.configuration.macs()))
    #expect(found.macsBefore == (try seed.macs()))
    // ceil: a hair more asks for a channel more.
    #expect(try allocator.allocate(.width(1.501)).blocks[0].channels == [3, 3, 1, 0])
    #expect(try allocator.allocate(.width(1e-9)).blocks[0].channels == [1, 0, 0, 0])
    #expect(try allocator.allocate(.width(100)).structure == seed.structure)
  }

  @Test func breaksTiesByScaleThenChannel() throws {
    let seed = Self.smallSeed
    let equal = weights(seed) { _, scale in scale == 1 ? [1, 2, 1, 2] : [1, -1, 1, 1] }
    let allocator = try ChannelAllocator(seed: seed, weights: equal, source: "seed.pth")
    // 2s first, then 1s of scale 0, then those of scale 1, and so on.
    #expect(try allocator.allocate(.width(1.75)).blocks[0].kept == [[0, 1, 2, 3], [0, 1, 3], [], []])
    #expect(
      try allocator.allocate(.width(2.5)).blocks[3].kept == [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1], []])
  }

  @Test func meetsABudgetFromBelow() throws {
    let seed = ScaleNetSeed.scaleNet50.configuration(classes: 1000)
    // Importance falls with scale and channel, in another way in every block.
    let gammas = try seedWeights(seed) { block, scale, channel in
      Float(1000 - channel - scale * (1 + block % 3) * 7)
    }
    let allocator = try ChannelAllocator(seed: seed, weights: gammas, source: "seed.pth")
    for budget in [1_500_000_000, 2_500_000_000, 3_800_000_000, 5_000_000_000] {
      let found = try allocator.allocate(.macs(budget))
      let width = try #require(found.width)
      #expect(found.macsAfter <= budget && found.macsBudget == budget)
      #expect(found.macsAfter == (try found.configuration.macs()))
      for (block, original) in zip(found.blocks, seed.blocks) {
        #expect(
          block.channels.reduce(0, +)
            == min(4 * original.planes, Int((width * Double(original.planes) - 1e-9).rounded(.up))))
      }
      // The next width at which any block gains a channel: one more channel of 512 is always such a step.
      let next = try allocator.allocate(.width(width + 1 / 512))
      #expect(next.macsAfter > budget)
    }
    let all = try allocator.allocate(.macs(.max))
    #expect(all.structure == seed.structure && all.macsAfter == all.macsBefore)
    let least = try allocator.allocate(.width(1e-9))
    #expect(least.blocks.allSatisfy { $0.channels.reduce(0, +) == 1 })
    #expect(try allocator.allocate(.macs(least.macsAfter)).structure == least.structure)
    #expect(
      throws: ScaleNetError.budgetTooSmall(
        budget: least.macsAfter - 1, least: least.macsAfter, inputSize: .standard)
    ) { try allocator.allocate(.macs(least.macsAfter - 1)) }
  }

  @Test func countsTheMACsThatTheGraphHas() throws {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet101.spec.json")
    let configuration = try ScaleNetConfiguration(recognizing: weights, source: "w.pth")
    #expect(try configuration.macs() == 7_511_097_600)
    for size in [InputSize(height: 225, width: 257), InputSize(height: 320, width: 256)] {
      let graph = try configuration.graph(weights, options: BuildOptions(inputSize: size))
      #expect(try configuration.macs(inputSize: size) == graph.parametersAndMACs().macs)
    }
  }

  @Test func meetsTheBudgetOfEachBlock() throws {
    let seed = Self.smallSeed
    // Only scale 0 counts: k 3x3 filters and k columns of conv3 cost what the ResNet's do at k = planes.
    let first = try ChannelAllocator(
      seed: seed, weights: weights(seed) { _, scale in scale == 0 ? [4, 3, 2, 1] : [0, 0, 0, 0] },
      source: "seed.pth")
    let equal = try first.allocate(.perBlockMACs)
    for block in equal.blocks {
      #expect(block.channels == [4, 0, 0, 0])
      #expect(block.macsAfter == block.macsBudget)
    }
    #expect(equal.macsAfter == equal.macsBudget && equal.width == nil)
    // Stage 1, 56x56, 4 planes, 16 out: 1x1 (4*4), 3x3 (9*4*4), 1x1 (16*4) and shortcut (16*4), at 3136 positions.
    #expect(equal.blocks[0].macsBudget == (16 + 144 + 64 + 64) * 3136)
    // Channels of small maps are cheaper: scale 3 at 8x8 costs 9*4*64 + 16*3136 each.
    let gammas: [[Float]] = [[0.5, 0.4, 0.3, 0.2], [0, 0, 0, 0], [0, 0, 0, 0], [4, 3, 2, 1]]
    let last = try ChannelAllocator(seed: seed, weights: weights(seed) { gammas[$1] }, source: "seed.pth")
    let block = try last.allocate(.perBlockMACs).blocks[0]
    // (144 + 64) * 3136 = 652288: four of scale 3 take 209920, each of scale 0 (9*4 + 16) * 3136 = 163072: two.
    #expect(block.channels == [2, 0, 0, 4])
    #expect(block.macsAfter == (16 + 64) * 3136 + 209_920 + 2 * 163_072)
  }

  /// Weights that hold nothing but zeros and the gammas.
  private func seedWeights(
    _ seed: ScaleNetConfiguration, gamma: (_ block: Int, _ scale: Int, _ channel: Int) -> Float
  ) throws -> StateDict {
    var weights = StateDict()
    for (index, block) in seed.blocks.enumerated() {
      for scale in block.scales {
        let gammas = (0..<scale.channels).map { gamma(index, scale.index, $0) }
        weights.append("\(block.name).bn2.\(scale.index).weight", Tensor(gammas, shape: [gammas.count]))
      }
    }
    return weights
  }

  private static let released: [(ReleasedScaleNet, ScaleNetSeed, Double)] = [
    (.scaleNet50Light, .scaleNet50, 1), (.scaleNet50, .scaleNet50, 1.361),
    (.scaleNet101, .scaleNet101, 682.0 / 512), (.scaleNet152, .scaleNet152, 1.396),
  ]

  @Test(arguments: released)
  func releasedStructuresSatisfyTheRule(network: ReleasedScaleNet, seed: ScaleNetSeed, width: Double) {
    for row in network.structure.rows {
      let planes = 3584 / row.side
      #expect(row.channels.reduce(0, +) == Int((width * Double(planes)).rounded(.up)))
    }
  }

  @Test(arguments: released)
  func givesBackAReleasedStructure(network: ReleasedScaleNet, seed: ScaleNetSeed, width: Double) throws {
    let seed = seed.configuration(classes: 1000)
    let structure = network.structure
    // Spread over the channels, with both signs, so that neither position nor sign decides.
    let weights = try seedWeights(seed) { block, scale, channel in
      let planes = seed.blocks[block].planes
      let rank = (channel * 37 + block) % planes
      let isKept = rank < structure.rows[block].channels[scale]
      return (channel % 2 == 0 ? 1 : -1) * ((isKept ? 1 : 0.5) + Float(rank) / 4096)
    }
    let allocator = try ChannelAllocator(seed: seed, weights: weights, source: "seed.pth")
    #expect(try allocator.allocate(.width(width)).structure == structure)
    let released = ScaleNetConfiguration(structure: structure, classes: 1000)
    let budget = try released.macs()
    let found = try allocator.allocate(.macs(budget))
    #expect(found.structure == structure && found.configuration == released)
    #expect(found.macsAfter == budget)
    #expect(try allocator.allocate(.macs(budget - 1)).macsAfter < budget)
  }

  @Test func refusesWhatIsNoImportance() throws {
    let seed = Self.smallSeed
    let broken = weights(seed) { block, scale in block == 1 && scale == 2 ? [1, .nan, 1, 1] : [1, 1, 1, 1] }
    #expect(
      throws: ScaleNetError.invalidImportance(
        source: "seed.pth", key: "layer2.0.bn2.2.weight", channel: 1, found: "nan")
    ) { try ChannelAllocator(seed: seed, weights: broken, source: "seed.pth") }
    let allocator = try ChannelAllocator(
      seed: seed, weights: weights(seed, gammas: Self.handMade), source: "seed.pth")
    for width in [0, -1, .infinity, .nan] {
      #expect(throws: ScaleNetError.self) { try allocator.allocate(.width(width)) }
    }
    var huge = seed
    huge.blocks[2].planes = 1 << 40
    #expect(throws: ScaleNetError.limitExceeded(place: "layer3.0: channels", most: 4096, found: 1 << 40)) {
      try ChannelAllocator(seed: huge, weights: StateDict(), source: "seed.pth")
    }
  }

  @Test func makesSeeds() throws {
    let seed = ScaleNetSeed.scaleNet50.configuration(classes: 1000)
    #expect(
      seed.structure.rows.map { $0.channels } == seed.blocks.map { [Int](repeating: $0.planes, count: 4) })
    #expect(seed.depths == [3, 4, 6, 3] && seed.released == nil)
    let two = try ScaleNetSeed.scaleNet101.configuration(pools: [4, 1], classes: nil)
    #expect(two.structure.rows[0].channels == [64, 0, 64, 0])
    for pools in [[], [3], [1, 1]] {
      #expect(throws: ScaleNetError.self) {
        try ScaleNetSeed.scaleNet50.configuration(pools: pools, classes: nil)
      }
    }
  }
}
