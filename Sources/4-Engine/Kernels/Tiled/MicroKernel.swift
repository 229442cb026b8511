/// Sums of products for one tile, held in registers.
enum MicroKernel {
  /// Adds the products of a panel of rows with a panel of columns to `sums`, or sets them if `starts`.
  ///
  /// - Parameters:
  ///   - rowPanel: [depth, rows]
  ///   - columnPanel: [depth, vectors * lanes]
  ///   - sums: [rows, Tile.columns]
  @inline(__always)
  static func run(
    rows: Int, vectors: Int, depth: Int, rowPanel: UnsafePointer<Float>, columnPanel: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>, starts: Bool
  ) {
    if vectors == 2 {
      switch rows {
      case 1:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<1, Vector>(repeating: .zero))
      case 2:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<2, Vector>(repeating: .zero))
      case 3:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<3, Vector>(repeating: .zero))
      case 4:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<4, Vector>(repeating: .zero))
      case 5:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<5, Vector>(repeating: .zero))
      case 6:
        unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<6, Vector>(repeating: .zero))
      #if SCALENET_AVX512 || arch(arm64)
        case 7:
          unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<7, Vector>(repeating: .zero))
        case 8:
          unsafe wide(rowPanel, columnPanel, depth, sums, starts, InlineArray<8, Vector>(repeating: .zero))
      #endif
      default: preconditionFailure("no tile of \(rows) rows")
      }
    } else {
      switch rows {
      case 1:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<1, Vector>(repeating: .zero))
      case 2:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<2, Vector>(repeating: .zero))
      case 3:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<3, Vector>(repeating: .zero))
      case 4:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<4, Vector>(repeating: .zero))
      case 5:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<5, Vector>(repeating: .zero))
      case 6:
        unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<6, Vector>(repeating: .zero))
      #if SCALENET_AVX512 || arch(arm64)
        case 7:
          unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<7, Vector>(repeating: .zero))
        case 8:
          unsafe narrow(rowPanel, columnPanel, depth, sums, starts, InlineArray<8, Vector>(repeating: .zero))
      #endif
      default: preconditionFailure("no tile of \(rows) rows")
      }
    }
  }

  /// A tile two vectors wide. The loops over rows have constant bounds and vanish into registers.
  @inline(__always)
  private static func wide<let rows: Int>(
    _ rowPanel: UnsafePointer<Float>, _ columnPanel: UnsafePointer<Float>, _ depth: Int,
    _ sums: UnsafeMutablePointer<Float>, _ starts: Bool, _ zero: InlineArray<rows, Vector>
  ) {
    var left = zero
    var right = zero
    if !starts {
      for row in 0..<rows {
        left[row] = unsafe .load(sums + row * Tile.columns)
        right[row] = unsafe .load(sums + row * Tile.columns + Tile.lanes)
      }
    }
    var factors = unsafe rowPanel
    var columns = unsafe columnPanel
    for _ in 0..<depth {
      let first = unsafe Vector.load(columns)
      let second = unsafe Vector.load(columns + Tile.lanes)
      for row in 0..<rows {
        let factor = unsafe Vector(repeating: factors[row])
        left[row] = left[row].adding(factor, times: first)
        right[row] = right[row].adding(factor, times: second)
      }
      unsafe factors += rows
      unsafe columns += Tile.columns
    }
    for row in 0..<rows {
      unsafe left[row].store(sums + row * Tile.columns)
      unsafe right[row].store(sums + row * Tile.columns + Tile.lanes)
    }
  }

  /// A tile one vector wide.
  @inline(__always)
  private static func narrow<let rows: Int>(
    _ rowPanel: UnsafePointer<Float>, _ columnPanel: UnsafePointer<Float>, _ depth: Int,
    _ sums: UnsafeMutablePointer<Float>, _ starts: Bool, _ zero: InlineArray<rows, Vector>
  ) {
    var total = zero
    if !starts {
      for row in 0..<rows { total[row] = unsafe .load(sums + row * Tile.columns) }
    }
    var factors = unsafe rowPanel
    var columns = unsafe columnPanel
    for _ in 0..<depth {
      let first = unsafe Vector.load(columns)
      for row in 0..<rows {
        total[row] = unsafe total[row].adding(Vector(repeating: factors[row]), times: first)
      }
      unsafe factors += rows
      unsafe columns += Tile.lanes
    }
    for row in 0..<rows { unsafe total[row].store(sums + row * Tile.columns) }
  }
}
