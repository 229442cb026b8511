import FileIO
import ModelIR

/// The channels of one block's scales, the most important first.
struct ChannelRanking {
  /// One channel of one scale.
  struct Candidate {
    /// The position in `Structure.pools`.
    let scale: Int
    let channel: Int
    /// |gamma| of the channel's normalisation.
    let importance: Double
  }

  let candidates: [Candidate]

  /// Reads the importance of every channel of `block`. Equals stand in the order of scales, then of channels.
  init(
    _ block: ScaleNetConfiguration.Block, weights: StateDict, source: String
  ) throws(ScaleNetError) {
    var candidates: [Candidate] = []
    for scale in block.scales {
      let key = "\(block.name).bn2.\(scale.index).weight"
      guard let tensor = weights[key], tensor.elementCount == scale.channels else {
        throw .weights(
          source: source, architecture: ArchitectureFamily.scaleNet.rawValue,
          problems: [.missing(key: key, shape: "[\(scale.channels)]")])
      }
      let gammas: [Double]
      do throws(ScaleNetError) {
        gammas = try tensor.doubles()
      } catch {
        throw .unreadableWeight(source: source, key: key, error: error)
      }
      for (channel, gamma) in gammas.enumerated() {
        guard gamma.isFinite else {
          throw .invalidImportance(source: source, key: key, channel: channel, found: "\(gamma)")
        }
        candidates.append(Candidate(scale: scale.index, channel: channel, importance: abs(gamma)))
      }
    }
    // Where they stand now decides between equals: the order is total, so any sort gives it.
    self.candidates = candidates.enumerated().sorted { left, right in
      left.element.importance == right.element.importance
        ? left.offset < right.offset : left.element.importance > right.element.importance
    }.map(\.element)
  }

  /// The `count` most important channels of each position of `Structure.pools`, ascending.
  func kept(_ count: Int) -> [[Int]] {
    var kept = [[Int]](repeating: [], count: Structure.pools.count)
    for candidate in candidates.prefix(count) { kept[candidate.scale].append(candidate.channel) }
    return kept.map { $0.sorted() }
  }
}

/// A width r at which some block gains a channel: so many channels of so many planes, in lowest terms.
///
/// Both are at most a few ten thousand, so that products stay small.
struct Fraction: Hashable, Comparable {
  private let numerator: Int
  private let denominator: Int

  /// `planes` is above 0.
  init(channels: Int, planes: Int) {
    var (divisor, rest) = (planes, channels)
    while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
    numerator = channels / divisor
    denominator = planes / divisor
  }

  static func < (left: Fraction, right: Fraction) -> Bool {
    left.numerator * right.denominator < right.numerator * left.denominator
  }

  var value: Double { Double(numerator) / Double(denominator) }

  /// ceil(r * planes), exactly.
  func channels(of planes: Int) -> Int {
    (numerator * planes + denominator - 1) / denominator
  }
}
