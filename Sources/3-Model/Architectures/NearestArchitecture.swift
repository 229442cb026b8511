import FileIO
import ModelIR

/// The known network that has most names in common with weights of none.
struct NearestArchitecture {
  /// What it is, and how near.
  let title: String
  /// The first missing and the first unexpected key, then the rest of both.
  let problems: [String]

  /// Nil if no network has any of the names.
  init?(_ weights: StateDict) {
    let names = Set(weights.names)
    var best: (network: BuiltInArchitecture, keys: StateDict, common: Int)?
    for network in BuiltInArchitecture.allCases {
      let keys = network.architecture().placeholderWeights()
      let common = keys.names.count { names.contains($0) }
      // Of networks with as many names in common the one with the fewest others is nearer.
      let isNearer =
        best.map { common > $0.common || (common == $0.common && keys.count < $0.keys.count) } ?? true
      if common > 0, isNearer { best = (network, keys, common) }
    }
    guard let best else { return nil }
    title =
      "nearest is \(best.network.architecture().displayName), of whose \(best.keys.count) names \(best.common) are there"
    let missing = best.keys.entries.filter {
      !names.contains($0.name) && !$0.name.hasSuffix("num_batches_tracked")
    }
    .map { WeightProblem.missing(key: $0.name, shape: "\($0.tensor.shape)").description }
    let unexpected = weights.entries.filter { best.keys[$0.name] == nil }
      .map { WeightProblem.unexpected(key: $0.name, shape: $0.tensor.shape).description }
    let first = [missing.first, unexpected.first].compactMap { $0 }
    guard !first.isEmpty else { return nil }
    problems = first + missing.dropFirst() + unexpected.dropFirst()
  }
}
