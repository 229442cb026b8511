#if SCALENET_WIDE
  internal import Kernels
#endif

/// A matrix product with B packed as column panels; A is packed in each run.
final class TiledMatrixProduct: PreparedMatrixProduct {
  let geometry: MatrixProduct
  let rows: RowPanels
  let columns: ColumnPanels
  let b: FloatBuffer

  init(_ geometry: MatrixProduct, b: UnsafePointer<Float>) {
    self.geometry = geometry
    rows = RowPanels(rows: geometry.rows)
    columns = ColumnPanels(columns: geometry.columns)
    self.b = FloatBuffer(count: columns.paddedColumns * geometry.depth)
    unsafe columns.pack(
      b, columnStep: geometry.transposesB ? geometry.depth : 1,
      depthStep: geometry.transposesB ? 1 : geometry.columns, depth: geometry.depth, into: self.b.elements)
  }

  /// Where the sums of the first thread begin, after the packed A.
  private var sumsPlace: Int { (geometry.rows * geometry.depth + 15) / 16 * 16 }

  func workspaceCount(threads: Int) -> Int {
    sumsPlace + threads * TaskGrid.mostRows * Tile.columns
  }

  func run(
    a: UnsafePointer<Float>, c: (elements: UnsafePointer<Float>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    let depth = geometry.depth
    threads.parallelFor(rows.count) { panel, _ in
      unsafe self.rows.pack(
        a, rowStep: self.geometry.transposesA ? 1 : depth,
        columnStep: self.geometry.transposesA ? self.geometry.rows : 1, depth: depth,
        panels: panel..<panel + 1, into: workspace)
    }
    let alpha = Float(geometry.alpha)
    let beta = Float(geometry.beta)
    let grid = TaskGrid(groups: 1, rows: rows, columnPanels: columns.count, threads: threads.count)
    threads.parallelFor(grid.count) { index, worker in
      let (_, panels, columnPanel) = grid.task(index)
      let first = self.columns.start(columnPanel)
      let width = self.columns.width(columnPanel)
      unsafe PanelProduct.run(
        self.rows, panels: panels, rowPanels: workspace, vectors: self.columns.vectors(columnPanel),
        columnPanel: self.b.elements + first * depth, depth: depth,
        sums: workspace + (self.sumsPlace + worker * TaskGrid.mostRows * Tile.columns)
      ) { panel, sums in
        for row in 0..<self.rows.height(panel) {
          let line = self.rows.start(panel) + row
          for column in 0..<width {
            var value = unsafe alpha * sums[row * Tile.columns + column]
            if let c = unsafe c {
              unsafe value += beta * c.elements[line * c.rowStep + (first + column) * c.columnStep]
            }
            unsafe output[line * self.geometry.columns + first + column] = value
          }
        }
      }
    }
  }
}
