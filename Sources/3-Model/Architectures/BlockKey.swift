import ModelIR

/// A key of a residual block: `layer2.3.conv1.weight` is part `conv1.weight` of block 3 of stage 1.
struct BlockKey {
  /// Stages in most networks.
  static let stageCount = 4

  /// From 0.
  let stage: Int
  let number: Int
  /// What follows the block's name, split at the points.
  let parts: [Substring]

  /// Nil for a key that belongs to no block.
  init?(_ key: String) {
    guard key.hasPrefix("layer") else { return nil }
    let parts = key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { Substring($0) }
    guard parts.count >= 3, let stage = Int(parts[0].dropFirst(5)), stage >= 1,
      let number = Int(parts[1]), number >= 0
    else { return nil }
    self.stage = stage - 1
    self.number = number
    self.parts = Array(parts[2...])
  }

  /// How many blocks each stage has: one more than the highest number in the keys, at least 1.
  static func counts(_ weights: StateDict, stages: Int = stageCount) -> [Int] {
    var counts = [Int](repeating: 1, count: stages)
    for entry in weights.entries {
      guard let key = BlockKey(entry.name), key.stage < stages else { continue }
      // A number beyond what the file can hold is a key that nothing expects.
      if key.number < weights.count { counts[key.stage] = max(counts[key.stage], key.number + 1) }
    }
    return counts
  }
}
