import ModelIR

/// A key of a residual block: `layer2.3.conv1.weight` is part `conv1.weight` of block 3 of stage 1.
struct BlockKey {
  /// Stages in most networks.
  static let stageCount = 4

  /// From 0.
  let stage: Int
  let number: Int
  /// What follows the block's name.
  private let rest: Substring

  /// What follows the block's name, split at the points.
  var parts: [Substring] {
    rest.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// Nil for a key that belongs to no block.
  init?(_ key: String) {
    let bytes = key.utf8
    let point = UInt8(ascii: ".")
    guard bytes.starts(with: "layer".utf8), let first = bytes.firstIndex(of: point),
      let stage = Int(key[bytes.index(bytes.startIndex, offsetBy: 5)..<first]), stage >= 1
    else { return nil }
    let afterFirst = bytes.index(after: first)
    guard let second = bytes[afterFirst...].firstIndex(of: point), let number = Int(key[afterFirst..<second]),
      number >= 0
    else { return nil }
    self.stage = stage - 1
    self.number = number
    rest = key[bytes.index(after: second)...]
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
