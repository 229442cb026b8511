package import FileIO
package import ModelIR

/// Decides how many channels each scale of a scale-aggregation block gets, as the ScaleNet paper does (Li et al. 2019,
/// "Data-Driven Neuron Allocation for Scale Aggregation Networks"): in a trained network that has too many, the
/// channels of all scales of a block compete by |gamma| of their normalisation `bn2`, and the top k stay.
///
/// Between equals, the lower scale goes first, then the lower channel. A block keeps at least one channel.
package struct ChannelAllocator: Sendable {
  /// The network with too many channels.
  package let seed: ScaleNetConfiguration
  let weights: StateDict
  let source: String
  private let rankings: [ChannelRanking]

  /// Reads the importance of every channel.
  ///
  /// - Parameters:
  ///   - weights: the weights that `seed` was recognised from.
  ///   - source: their file's path, for errors.
  package init(seed: ScaleNetConfiguration, weights: StateDict, source: String) throws(ScaleNetError) {
    // Before anything is read: the widths must be such that operations can be counted at all.
    _ = try seed.costs(inputSize: InputSize(height: seed.leastInputSide, width: seed.leastInputSide))
    self.seed = seed
    self.weights = weights
    self.source = source
    var rankings: [ChannelRanking] = []
    for block in seed.blocks { rankings.append(try ChannelRanking(block, weights: weights, source: source)) }
    self.rankings = rankings
  }

  /// The channels that stay for a budget.
  ///
  /// Multiply-accumulates only grow with the width, and they change only where some block's ceil(r * planes) does, so
  /// the greatest width within the budget is found exactly. A budget above that of the seed keeps everything.
  package func allocate(
    _ target: AllocationTarget, inputSize: InputSize = .standard
  ) throws(ScaleNetError) -> ChannelAllocation {
    let (outside, costs) = try seed.costs(inputSize: inputSize)
    // What a block costs when it keeps its top k channels.
    let macs = zip(rankings, costs).map { ranking, cost in
      var sums = [cost.fixed]
      for candidate in ranking.candidates {
        sums.append(sums[sums.count - 1] + cost.perChannel[candidate.scale])
      }
      return sums
    }
    var counts: [Int]
    var width: Double?
    var budget: Int?
    switch target {
    case .macs(let most):
      let fraction = try greatestWidth(within: most, outside: outside, macs: macs, inputSize: inputSize)
      counts = self.counts(fraction.channels(of:))
      (width, budget) = (fraction.value, most)
    case .width(let ratio):
      guard ratio.isFinite, ratio > 0, ratio <= 1024 else {
        throw .unsupportedOption(option: "width", reason: "expected a number above 0, found \(ratio)")
      }
      // A product that is whole but for the last bits of a binary fraction counts as whole.
      counts = self.counts { Int((ratio * Double($0) - 1e-9).rounded(.up)) }
      width = ratio
    case .perBlockMACs:
      counts = zip(macs, costs).map { sums, cost in
        max(1, (sums.firstIndex { $0 > cost.residual } ?? sums.count) - 1)
      }
      budget = costs.reduce(outside) { $0 + $1.residual }
    }

    var allocation = ChannelAllocation(
      target: target, inputSize: inputSize, width: width, blocks: [], configuration: seed,
      macsBefore: outside,
      macsAfter: outside, macsBudget: budget)
    for (index, block) in seed.blocks.enumerated() {
      let kept = rankings[index].kept(counts[index])
      var scales = block.scales
      for position in scales.indices { scales[position].channels = kept[scales[position].index].count }
      allocation.configuration.blocks[index].scales = scales.filter { $0.channels > 0 }
      var lost = kept.map { -$0.count }
      for scale in block.scales { lost[scale.index] += scale.channels }
      let (before, after) = (macs[index][macs[index].count - 1], macs[index][counts[index]])
      allocation.blocks.append(
        ChannelAllocation.Block(
          name: block.name, planes: block.planes, kept: kept, lost: lost, macsBefore: before,
          macsAfter: after,
          macsBudget: target == .perBlockMACs ? costs[index].residual : nil))
      allocation.macsBefore += before
      allocation.macsAfter += after
    }
    allocation.notes = tieNotes
    return allocation
  }

  /// What is said of blocks whose channels do not differ in importance, as those of a network that was not trained.
  private var tieNotes: [String] {
    let tied = zip(seed.blocks, rankings).filter { block, ranking in
      block.scales.count > 1 && ranking.candidates.first?.importance == ranking.candidates.last?.importance
    }.map(\.0.name)
    if tied.isEmpty { return [] }
    let which: String
    if tied.count == seed.blocks.count {
      which = "in every block all |gamma| are equal, as in a network that was not trained"
    } else {
      let more = tied.count > 3 ? " and \(tied.count - 3) more" : ""
      which = "all |gamma| are equal in \(tied.prefix(3).joined(separator: ", "))\(more)"
    }
    return ["\(which): between equals the lower scale stays, so that nothing was learned from data there"]
  }

  /// How many channels each block keeps: what `rule` makes of its planes, at least 1 and at most all.
  private func counts(_ rule: (Int) -> Int) -> [Int] {
    zip(seed.blocks, rankings).map { block, ranking in
      min(max(1, rule(block.planes)), ranking.candidates.count)
    }
  }

  /// The greatest width for which the network takes at most `budget`.
  private func greatestWidth(
    within budget: Int, outside: Int, macs: [[Int]], inputSize: InputSize
  ) throws(ScaleNetError) -> Fraction {
    var most: [Int: Int] = [:]
    for (block, ranking) in zip(seed.blocks, rankings) {
      most[block.planes] = max(most[block.planes] ?? 0, ranking.candidates.count)
    }
    let widths = Set(
      most.flatMap { planes, channels in (1...channels).map { Fraction(channels: $0, planes: planes) } }
    ).sorted()
    func total(_ width: Fraction) -> Int {
      zip(macs, counts(width.channels(of:))).reduce(outside) { $0 + $1.0[$1.1] }
    }
    var (within, above) = (0, widths.count)
    let least = total(widths[0])
    guard least <= budget else {
      throw .budgetTooSmall(budget: budget, least: least, inputSize: inputSize)
    }
    while above - within > 1 {
      let middle = (within + above) / 2
      if total(widths[middle]) <= budget { within = middle } else { above = middle }
    }
    return widths[within]
  }
}
