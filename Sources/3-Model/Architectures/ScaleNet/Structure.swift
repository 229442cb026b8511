public import FileIO

/// What a structure file says: for each block, how many channels each scale has.
public struct Structure: Hashable, Sendable {
  /// One row: the channels at scales 1, 2, 4 and 7, and the block's feature size for an input of 224.
  public struct Row: Hashable, Sendable {
    /// For each of `pools`; 0 where the block lacks the scale.
    public var channels: [Int]
    /// Height and width of the block's feature map for an image of 224 x 224: one of `sides`.
    public var side: Int

    /// A row of four channel counts; another number of them is a mistake of the caller, and traps.
    public init(channels: [Int], side: Int) {
      precondition(channels.count == Structure.pools.count)
      self.channels = channels
      self.side = side
    }
  }

  /// By how much each scale pools.
  public static let pools = [1, 2, 4, 7]
  /// The feature sizes of the four stages for an input of 224.
  public static let sides = [56, 28, 14, 7]

  /// One for each block, in the order in which they run.
  public var rows: [Row]

  /// Rows as they are; `init(json:path:)` checks those of a file.
  public init(rows: [Row]) {
    self.rows = rows
  }

  /// The rows of each stage.
  public var stages: [[Row]] {
    Self.sides.map { side in rows.filter { $0.side == side } }
  }

  /// Channels that a file may name at most; far more than any network has.
  private static let mostChannels = 1 << 16
  private static let mostBlocks = 4096

  /// Reads the JSON of a structure file: an array of rows `[c1, c2, c4, c7, side]`.
  public init(json: [UInt8], path: String) throws(ScaleNetError) {
    let rows: [[Int]]
    do throws(ScaleNetError) {
      rows = try StructureParser.parse(json)
    } catch {
      throw error.within("not a structure file").inFile(path)
    }
    var problems: [String] = []
    if rows.isEmpty { problems.append("expected a row for each block, found none") }
    if rows.count > Self.mostBlocks {
      problems.append("expected at most \(Self.mostBlocks) rows, found \(rows.count)")
    }
    var result: [Row] = []
    for (index, row) in rows.enumerated().prefix(Self.mostBlocks) {
      let count = problems.count
      guard row.count == 5 else {
        problems.append("row \(index): expected 5 numbers [c1, c2, c4, c7, side], found \(row.count)")
        continue
      }
      for (column, value) in row[..<4].enumerated() where !(0...Self.mostChannels).contains(value) {
        problems.append(
          "row \(index), column \(column): expected 0 to \(Self.mostChannels) channels, found \(value)")
      }
      if row[..<4].allSatisfy({ $0 == 0 }) {
        problems.append("row \(index): expected at least one channel, found none at any scale")
      }
      if !Self.sides.contains(row[4]) {
        problems.append("row \(index), column 4: expected a side of 56, 28, 14 or 7, found \(row[4])")
      } else if let last = result.last, row[4] > last.side {
        problems.append(
          "row \(index), column 4: expected a side of at most \(last.side), found \(row[4])")
      }
      if problems.count == count { result.append(Row(channels: Array(row[..<4]), side: row[4])) }
    }
    if problems.isEmpty {
      for (stage, side) in Self.sides.enumerated() where !result.contains(where: { $0.side == side }) {
        problems.append("expected at least one row with side \(side) (stage \(stage + 1)), found none")
      }
    }
    guard problems.isEmpty else { throw .structureFile(path: path, problems: problems) }
    self.rows = result
  }

  /// The JSON of a structure file, on one line as the released ones are.
  public var json: String {
    "["
      + rows.map { row in
        "[" + (row.channels + [row.side]).map(String.init).joined(separator: ", ") + "]"
      }.joined(separator: ", ") + "]"
  }
}
