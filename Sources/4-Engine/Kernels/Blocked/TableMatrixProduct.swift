internal import CKernels

// Safe: buffers are made for the geometry, sizes were checked where the graph was planned (`KernelSet`): A, B, C and
// the output have the rows and columns that it says.

/// A matrix product as a 1 x 1 convolution: rows of A are pixels, columns of B are output channels.
///
/// A is brought into blocks of the depth in each run. The products of a few rows and columns go to scratch memory, and
/// from there, with C, to the rows of the output.
@safe final class TableMatrixProduct: PreparedMatrixProduct, @unchecked Sendable {
  private let table: UnsafePointer<kernels_table>
  private let geometry: MatrixProduct
  private let lanes: Int
  private let blocks: ChannelBlocks
  private let columns: ChannelBlocks
  private let runs: [kernels_run]
  private let b: FloatBuffer
  private let zeros: FloatBuffer
  /// Where the numbers of a column stand, one below the other.
  private let order: [Int64]

  init(_ table: UnsafePointer<kernels_table>, _ geometry: MatrixProduct, b: UnsafePointer<Float>) {
    unsafe self.table = table
    self.geometry = geometry
    let lanes = unsafe Int(table.pointee.lanes)
    self.lanes = lanes
    blocks = ChannelBlocks(channels: geometry.depth, lanes: lanes)
    columns = ChannelBlocks(channels: geometry.columns, lanes: lanes)
    runs = blocks.counts.enumerated().map { block, count in
      kernels_run(unit: Int64(block), lane: 0, count: Int32(count))
    }
    self.b = FloatBuffer(count: columns.paddedChannels * geometry.depth)
    zeros = FloatBuffer(count: columns.paddedChannels)
    let step = geometry.transposesB ? 1 : geometry.columns
    order = (0..<geometry.depth).map { Int64($0 * step) }
    unsafe packColumns(b)
  }

  func repacked(b: UnsafePointer<Float>) -> Self {
    unsafe packColumns(b)
    return self
  }

  private func packColumns(_ b: UnsafePointer<Float>) {
    let step = geometry.transposesB ? geometry.depth : 1
    for (block, count) in columns.counts.enumerated() {
      let isPair = block % 2 == 1 || block + 1 < columns.counts.count
      let width = isPair ? 2 * lanes : lanes
      let start = unsafe self.b.elements + (block / 2 * 2 * geometry.depth * lanes + block % 2 * lanes)
      unsafe kernels_pack(
        b + block * lanes * step, Int64(step), order, Int64(geometry.depth), Int64(count), Int64(width), start
      )
    }
  }

  /// Rows that one task computes.
  private var rows: Int { min(geometry.rows, 56) }

  private var packedCount: Int { (blocks.paddedChannels * geometry.rows + 15) / 16 * 16 }

  private var sumCount: Int { rows * 2 * lanes }

  func workspaceCount(threads: Int) -> Int { packedCount + threads * sumCount }

  func run(
    a: UnsafePointer<Float>, c: (elements: UnsafePointer<Float>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    let geometry = geometry
    unsafe pack(a, into: workspace, threads)
    let rows = rows
    let parts = (geometry.rows + rows - 1) / rows
    let pairs = (columns.counts.count + 1) / 2
    let (alpha, beta) = (Float(geometry.alpha), Float(geometry.beta))
    var input = unsafe kernels_images(
      elements: workspace, image_stride: 0, block_stride: Int64(geometry.rows * lanes))
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe withUnsafePointer(to: &input) { input in
        threads.parallelFor(parts * pairs) { index, worker in
          let (part, pair) = (index / pairs, index % pairs)
          let first = part * rows
          let count = min(rows, geometry.rows - first)
          let sums = unsafe workspace + (self.packedCount + worker * self.sumCount)
          let width = min(2, self.columns.counts.count - 2 * pair)
          // Sums lie as [block][row][lane], the first row at the beginning.
          var task = unsafe kernels_sums(
            runs: runs.baseAddress, run_count: Int64(runs.count), depth: Int64(geometry.depth),
            weights: UnsafePointer(self.b.elements + 2 * pair * geometry.depth * self.lanes),
            bias: UnsafePointer(self.zeros.elements), blocks: Int64(width),
            output: kernels_images(
              elements: sums - first * self.lanes, image_stride: 0, block_stride: Int64(rows * self.lanes)),
            residual: kernels_images(), function: kernels_function(nil))
          unsafe self.table.pointee.pointwise(
            &task, input, 0, Int64(first), Int64(first + count), 0, Int64(width))
          for block in 0..<width {
            let column = (2 * pair + block) * self.lanes
            unsafe self.table.pointee.store_rows(
              sums + block * rows * self.lanes, Int64(count), Int64(self.columns.counts[2 * pair + block]),
              alpha,
              beta, c.map { unsafe $0.elements + (first * $0.rowStep + column * $0.columnStep) },
              Int64(c?.rowStep ?? 0), Int64(c?.columnStep ?? 0),
              output + (first * geometry.columns + column), Int64(geometry.columns))
          }
        }
      }
    }
  }

  /// Brings A into blocks: [block of the depth][row][lane].
  private func pack(
    _ a: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, _ threads: ThreadPool
  ) {
    let (rows, depth, lanes) = (geometry.rows, geometry.depth, lanes)
    let steps = geometry.transposesA ? (row: 1, depth: rows) : (row: depth, depth: 1)
    threads.parallelRanges(blocks.counts.count, least: max(1, TableKernels.leastTask / (rows * lanes))) {
      range, _ in
      for block in range {
        let count = self.blocks.counts[block]
        if !geometry.transposesA {
          unsafe self.table.pointee.pack_rows(
            a + block * lanes, Int64(depth), Int64(rows), Int64(count), target + block * rows * lanes)
          continue
        }
        for row in 0..<rows {
          let source = unsafe a + (row * steps.row + block * lanes * steps.depth)
          let place = unsafe target + (block * rows + row) * lanes
          for lane in 0..<count { unsafe place[lane] = unsafe source[lane * steps.depth] }
        }
      }
    }
  }
}
