/// Rows of a matrix cut into panels of nearly equal height, so that no tile is left almost empty.
///
/// In memory a panel is [depth, its rows]; panel follows panel.
final class RowPanels: Sendable {
  let rows: Int
  let count: Int
  private let height: Int
  private let tallerCount: Int

  init(rows: Int) {
    self.rows = rows
    count = (rows + Tile.rows - 1) / Tile.rows
    height = count == 0 ? 0 : rows / count
    tallerCount = count == 0 ? 0 : rows % count
  }

  /// The first row of a panel.
  @inline(__always)
  func start(_ panel: Int) -> Int { panel * height + min(panel, tallerCount) }

  /// The number of rows of a panel.
  @inline(__always)
  func height(_ panel: Int) -> Int { height + (panel < tallerCount ? 1 : 0) }
}
