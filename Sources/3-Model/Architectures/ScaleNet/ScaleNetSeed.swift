package import FileIO

/// Networks to train before channels are allocated: every scale of a block has as many channels as the block has
/// planes, so that there is something to lose.
public enum ScaleNetSeed: String, CaseIterable, Sendable {
  /// 3, 4, 6 and 3 blocks, as ScaleNet-50 has.
  case scaleNet50 = "scalenet50-seed"
  /// 3, 4, 23 and 3 blocks, as ScaleNet-101 has.
  case scaleNet101 = "scalenet101-seed"
  /// 3, 8, 36 and 3 blocks, as ScaleNet-152 has.
  case scaleNet152 = "scalenet152-seed"

  /// Blocks of each stage.
  var depths: [Int] {
    switch self {
    case .scaleNet50: [3, 4, 6, 3]
    case .scaleNet101: [3, 4, 23, 3]
    case .scaleNet152: [3, 8, 36, 3]
    }
  }

  /// The network with all four scales.
  package func configuration(classes: Int?) -> ScaleNetConfiguration {
    Self.configuration(depths: depths, isIncluded: { _ in true }, classes: classes)
  }

  /// The network with some of the scales.
  ///
  /// - Parameter pools: by how much the scales pool, some of 1, 2, 4 and 7.
  package func configuration(
    pools: [Int], classes: Int?
  ) throws(ScaleNetError) -> ScaleNetConfiguration {
    guard !pools.isEmpty, Set(pools).count == pools.count, Set(pools).isSubset(of: Structure.pools) else {
      throw .unsupportedOption(
        option: "scales",
        reason:
          "expected some of \(Structure.pools.map(String.init).joined(separator: ", ")), each once, found "
          + (pools.isEmpty ? "none" : pools.map(String.init).joined(separator: ", ")))
    }
    return Self.configuration(depths: depths, isIncluded: { pools.contains($0) }, classes: classes)
  }

  private static func configuration(
    depths: [Int], isIncluded: (_ pool: Int) -> Bool, classes: Int?
  ) -> ScaleNetConfiguration {
    var rows: [Structure.Row] = []
    for (stage, depth) in depths.enumerated() {
      let channels = Structure.pools.map { isIncluded($0) ? 64 << stage : 0 }
      rows += [Structure.Row](
        repeating: .init(channels: channels, side: Structure.sides[stage]), count: depth)
    }
    return ScaleNetConfiguration(structure: Structure(rows: rows), classes: classes)
  }
}
