extension RowPanels {
  /// Packs `panels` of a matrix whose element (row, k) is `source[row * rowStep + k * columnStep]`.
  func pack(
    _ source: UnsafePointer<Float>, rowStep: Int, columnStep: Int, depth: Int, panels: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    for panel in panels {
      let first = start(panel)
      let height = height(panel)
      for row in 0..<height {
        let from = unsafe source + (first + row) * rowStep
        let to = unsafe target + (first * depth + row)
        for k in 0..<depth { unsafe to[k * height] = unsafe from[k * columnStep] }
      }
    }
  }
}

extension ColumnPanels {
  /// Packs a matrix whose element (k, column) is `source[column * columnStep + k * depthStep]`.
  ///
  /// `target` is zeros before.
  func pack(
    _ source: UnsafePointer<Float>, columnStep: Int, depthStep: Int, depth: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    for panel in 0..<count {
      let first = start(panel)
      let pitch = vectors(panel) * Tile.lanes
      for column in 0..<width(panel) {
        let from = unsafe source + (first + column) * columnStep
        let to = unsafe target + (first * depth + column)
        for k in 0..<depth { unsafe to[k * pitch] = unsafe from[k * depthStep] }
      }
    }
  }
}
