/// The product of some panels of rows with one panel of columns.
enum PanelProduct {
  /// Calls `finish` with each panel of rows as soon as its sums are complete.
  ///
  /// - Parameters:
  ///   - panels: which of the panels of rows
  ///   - rowPanels: the first of all panels of rows, not the first of `panels`
  ///   - sums: room for [rows of `panels`, Tile.columns]
  @inline(__always)
  static func run(
    _ rows: RowPanels, panels: Range<Int>, rowPanels: UnsafePointer<Float>, vectors: Int,
    columnPanel: UnsafePointer<Float>, depth: Int, sums: UnsafeMutablePointer<Float>,
    finish: (_ panel: Int, _ sums: UnsafeMutablePointer<Float>) -> Void
  ) {
    let blocks = max(1, (depth + Tile.blockDepth - 1) / Tile.blockDepth)
    let firstRow = rows.start(panels.lowerBound)
    for block in 0..<blocks {
      let start = depth * block / blocks
      let blockDepth = depth * (block + 1) / blocks - start
      for panel in panels {
        let row = rows.start(panel)
        let height = rows.height(panel)
        let target = unsafe sums + (row - firstRow) * Tile.columns
        unsafe MicroKernel.run(
          rows: height, vectors: vectors, depth: blockDepth,
          rowPanel: rowPanels + row * depth + start * height,
          columnPanel: columnPanel + start * vectors * Tile.lanes, sums: target, starts: block == 0)
        if block == blocks - 1 { unsafe finish(panel, target) }
      }
    }
  }
}
