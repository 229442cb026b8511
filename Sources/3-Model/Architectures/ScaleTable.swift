/// The scales at which the blocks of a network see their input, in the terms in which multi-scale networks are
/// compared: how scales come about, how they are joined, and how many channels each of them has.
public struct ScaleTable: Hashable, Sendable, Codable {
  /// How a scale comes about.
  public enum Origin: String, Hashable, Sendable, Codable, CaseIterable {
    /// Convolutions of other kernel sizes, or of other dilations.
    case kernels
    /// Pools before the convolutions.
    case pools
    /// Splits of the channels, or several convolutions of the same, one for each split.
    case splits
    /// Convolutions that take steps.
    case steps
  }

  /// How the scales of a block become one feature map.
  public enum Join: String, Hashable, Sendable, Codable, CaseIterable {
    /// Their channels stand one after another.
    case concatenation = "concat"
    /// They are added, weighed or not.
    case sum
  }

  /// The scales of one block.
  public struct Block: Hashable, Sendable, Codable {
    /// `layer1.0`
    public var name: String
    /// Of each scale of the table; 0 where the block does not have it.
    public var channels: [Int]

    package init(name: String, channels: [Int]) {
      self.name = name
      self.channels = channels
    }
  }

  /// How the network's scales come about, one or more ways.
  public let origins: [Origin]
  /// How they are joined.
  public let join: Join
  /// What tells the scales apart: `3x3` and `5x5`, `1` and `1/2`, `split 1` and `split 2`.
  public let scales: [String]
  /// The blocks that have several scales, or could have, in the order in which they run.
  public let blocks: [Block]
  /// How many scales a block has at most.
  public let mostScales: Int

  package init(origins: [Origin], join: Join, scales: [String], blocks: [Block]) {
    self.origins = origins
    self.join = join
    self.scales = scales
    self.blocks = blocks
    mostScales = blocks.map { block in block.channels.count { $0 > 0 } }.max() ?? 0
  }

  enum CodingKeys: String, CodingKey {
    case origins, join, scales, blocks
    case mostScales = "most_scales"
  }
}

extension ScaleNetConfiguration {
  /// Pools of 1, 2, 4 and 7.
  package var scaleTable: ScaleTable? {
    ScaleTable(
      origins: [.pools], join: .concatenation, scales: ["1", "2", "4", "7"],
      blocks: zip(blocks, structure.rows).map { ScaleTable.Block(name: $0.name, channels: $1.channels) })
  }
}

extension ResNetConfiguration {
  /// The splits of a Res2Net or ResNeSt, the paths of an SKNet; nil for networks of one scale.
  package var scaleTable: ScaleTable? {
    var rows: [(name: String, count: Int, channels: Int)] = []
    var kind: (origin: ScaleTable.Origin, join: ScaleTable.Join)?
    for block in blocks {
      for convolution in block.convolutions {
        switch convolution.form {
        case .plain: break
        case .hierarchical(let width, let scales):
          kind = (.splits, .concatenation)
          rows.append((block.name, scales, width))
        case .selectiveKernel(let paths, _, _):
          kind = (.kernels, .sum)
          rows.append((block.name, paths, convolution.filters))
        case .splitAttention(let radix, _):
          kind = (.splits, .sum)
          rows.append((block.name, radix, convolution.filters))
        }
      }
    }
    guard let kind, let most = rows.map(\.count).max(), most > 1 else { return nil }
    return ScaleTable(
      origins: [kind.origin], join: kind.join,
      scales: (1...most).map { kind.origin == .kernels ? "\(2 * $0 + 1)x\(2 * $0 + 1)" : "split \($0)" },
      blocks: rows.map { row in
        ScaleTable.Block(name: row.name, channels: (0..<most).map { $0 < row.count ? row.channels : 0 })
      })
  }
}
