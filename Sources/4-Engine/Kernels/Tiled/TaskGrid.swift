/// A product cut into tasks: for each group, each share of the row panels and each column panel.
final class TaskGrid: Sendable {
  /// The most rows of a task: their sums stay in the second-level cache.
  static let mostRows = 512

  let rows: RowPanels
  let columnPanels: Int
  let shares: Int
  let count: Int

  init(groups: Int, rows: RowPanels, columnPanels: Int, threads: Int) {
    self.rows = rows
    self.columnPanels = columnPanels
    // Panels are at most one row unequal, so a share never exceeds the bound.
    let panelsForRows = Self.mostRows / Tile.rows
    var shares = (rows.count + panelsForRows - 1) / panelsForRows
    if threads > 1 {
      // Several tasks a thread, so that all finish at nearly the same time.
      let tasks = max(1, groups * columnPanels)
      shares = max(shares, min((8 * threads + tasks - 1) / tasks, rows.count / 2))
    }
    self.shares = max(shares, 1)
    count = groups * columnPanels * self.shares
  }

  /// Tasks that share weights follow each other.
  @inline(__always)
  func task(_ index: Int) -> (group: Int, panels: Range<Int>, columnPanel: Int) {
    let share = index / columnPanels % shares
    return (
      index / columnPanels / shares, share * rows.count / shares..<(share + 1) * rows.count / shares,
      index % columnPanels
    )
  }
}
