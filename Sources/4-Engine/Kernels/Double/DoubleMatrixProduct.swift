internal import CKernels

// Safe: panels are made for the geometry, sizes were checked where the graph was planned (`KernelSet`): A, B, C and
// the output have the rows and columns that it says.

/// A matrix product in Double: columns of B are the pixels of panels, rows of A the channels of tiles.
@safe final class DoubleMatrixProduct: PreparedMatrixProduct, @unchecked Sendable {
  typealias Scalar = Double

  private let table: UnsafePointer<kernels_double_table>
  private let geometry: MatrixProduct
  private let b: PackedDoubles
  private let rows: Int
  private let pixels: Int

  convenience init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: MatrixProduct, b: UnsafePointer<Double>
  ) {
    unsafe self.init(table, geometry) { order in
      unsafe PackedDoubles(b, count: geometry.depth * geometry.columns, order)
    }
  }

  /// The same of a B that is float32 numbers: nothing is widened.
  convenience init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: MatrixProduct, floats: UnsafePointer<Float>,
    _ threads: ThreadPool
  ) {
    unsafe self.init(table, geometry) { order in
      unsafe PackedDoubles(floats, count: geometry.depth * geometry.columns, order, threads)
    }
  }

  private init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: MatrixProduct,
    packed: (Order) -> PackedDoubles
  ) {
    unsafe self.table = table
    self.geometry = geometry
    rows = unsafe Int(table.pointee.rows)
    pixels = unsafe Int(table.pointee.pixels)
    b = packed(Order(geometry: geometry, pixels: pixels))
  }

  /// For each panel [depth][pixels]; columns beyond the matrix are left out in the last one. Panels are tasks.
  private struct Order: PackingOrder {
    let geometry: MatrixProduct
    let pixels: Int

    func pack<Source: BinaryFloatingPoint, Target: BinaryFloatingPoint>(
      _ source: UnsafePointer<Source>, into target: UnsafeMutablePointer<Target>, _ threads: ThreadPool?
    ) {
      let (depth, columns) = (geometry.depth, geometry.columns)
      let step = geometry.transposesB ? 1 : columns
      forEach((columns + pixels - 1) / pixels, threads) { panel in
        let first = panel * pixels
        let width = min(pixels, columns - first)
        let place = unsafe target + first * depth
        for column in 0..<width {
          let line = unsafe source + (first + column) * (geometry.transposesB ? depth : 1)
          for k in 0..<depth { unsafe place[k * width + column] = Target(unsafe line[k * step]) }
        }
      }
    }
  }

  func repacked(b: UnsafePointer<Double>) -> DoubleMatrixProduct {
    unsafe DoubleMatrixProduct(table, geometry, b: b)
  }

  /// A panel, a tile's rows of A, and its sums.
  func workspaceCount(threads: Int) -> Int {
    let own = geometry.depth * (2 * pixels + rows) + rows * pixels
    return threads * ((own + 7) / 8 * 8)
  }

  func run(
    a: UnsafePointer<Double>, c: (elements: UnsafePointer<Double>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Double>, workspace: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    let geometry = geometry
    let (depth, columns) = (geometry.depth, geometry.columns)
    let parts = (columns + pixels - 1) / pixels
    threads.parallelFor(parts) { part, worker in
      let panel = unsafe workspace + worker * self.workspaceCount(threads: 1)
      let scratch = unsafe panel + depth * self.pixels
      let factors = unsafe scratch + depth * self.pixels
      let sums = unsafe factors + depth * self.rows
      let first = part * self.pixels
      let width = min(self.pixels, columns - first)
      let own = unsafe self.b.read(self.table, from: first * depth, count: width * depth, scratch: scratch)
      for k in 0..<depth {
        for column in 0..<self.pixels {
          unsafe panel[k * self.pixels + column] = column < width ? unsafe own[k * width + column] : 0
        }
      }
      for top in stride(from: 0, to: geometry.rows, by: self.rows) {
        let height = min(self.rows, geometry.rows - top)
        for k in 0..<depth {
          for row in 0..<height {
            unsafe factors[k * height + row] =
              unsafe a[geometry.transposesA ? k * geometry.rows + top + row : (top + row) * depth + k]
          }
        }
        unsafe self.table.pointee.sums(
          Int64(height), width <= self.pixels / 2 ? 1 : 2, Int64(depth), factors, panel, 0, sums)
        for row in 0..<height {
          for column in 0..<width {
            var sum = unsafe sums[row * self.pixels + column] * geometry.alpha
            if let c = unsafe c {
              unsafe sum +=
                geometry.beta * c.elements[(top + row) * c.rowStep + (first + column) * c.columnStep]
            }
            unsafe output[(top + row) * columns + first + column] = sum
          }
        }
      }
    }
  }
}
