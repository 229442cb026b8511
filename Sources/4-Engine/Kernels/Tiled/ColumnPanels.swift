/// Columns of a matrix cut into panels two vectors wide; the last is one vector wide if that is enough.
///
/// In memory a panel is [depth, its width]; panel follows panel, columns beyond the last count as zeros.
final class ColumnPanels: Sendable {
  let columns: Int
  let count: Int

  init(columns: Int) {
    self.columns = columns
    count = (columns + Tile.columns - 1) / Tile.columns
  }

  /// The first column of a panel.
  @inline(__always)
  func start(_ panel: Int) -> Int { panel * Tile.columns }

  /// The columns of a panel that exist.
  @inline(__always)
  func width(_ panel: Int) -> Int { min(Tile.columns, columns - start(panel)) }

  /// The vectors of a panel.
  @inline(__always)
  func vectors(_ panel: Int) -> Int { width(panel) > Tile.lanes ? 2 : 1 }

  /// Columns of all panels, those included that do not exist.
  var paddedColumns: Int { (columns + Tile.lanes - 1) / Tile.lanes * Tile.lanes }
}
