internal import CKernels

// Safe: buffers are made for the geometry, sizes were checked where the graph was planned (`KernelSet`): A, B, C and
// the output have the rows and columns that it says.

/// A matrix product as a 1 x 1 convolution: rows of A are pixels, columns of B are output channels.
///
/// A is brought into blocks of the depth in each run. The products of a few rows and columns go to the rows of the
/// output, with C; where factors, other steps of C or columns that fill no block are in the way, by scratch memory.
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
    let goesStraight = unsafe startsOrEnds(c)
    var input = unsafe kernels_images(
      elements: workspace, image_stride: 0, block_stride: Int64(geometry.rows * lanes))
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe withUnsafePointer(to: &input) { input in
        threads.parallelFor(parts * pairs) { index, worker in
          let (part, pair) = (index / pairs, index % pairs)
          let first = part * rows
          let range = first..<min(first + rows, geometry.rows)
          let width = min(2, self.columns.counts.count - 2 * pair)
          var task = unsafe kernels_sums(
            runs: runs.baseAddress, run_count: Int64(runs.count), depth: Int64(geometry.depth),
            weights: UnsafePointer(self.b.elements + 2 * pair * geometry.depth * self.lanes),
            bias: UnsafePointer(self.zeros.elements), blocks: Int64(width),
            output: kernels_images(), residual: kernels_images(), pixel_step: Int64(self.lanes),
            function: kernels_function(nil))
          let column = 2 * pair * self.lanes
          if goesStraight, column + width * self.lanes <= geometry.columns {
            unsafe self.direct(
              &task, to: output + column, c.map { unsafe ($0.elements + column, $0.rowStep) })
            unsafe self.table.pointee.pointwise(
              &task, input, 0, Int64(range.lowerBound), Int64(range.upperBound), 0, Int64(width))
            return
          }
          let sums = unsafe workspace + (self.packedCount + worker * self.sumCount)
          // Sums lie as [block][row][lane], the first row at the beginning.
          unsafe task.output = unsafe kernels_images(
            elements: sums - first * self.lanes, image_stride: 0, block_stride: Int64(rows * self.lanes))
          unsafe self.table.pointee.pointwise(
            &task, input, 0, Int64(range.lowerBound), Int64(range.upperBound), 0, Int64(width))
          for block in 0..<width {
            unsafe self.storeRows(range, of: 2 * pair + block, sums + block * rows * self.lanes, c, output)
          }
        }
      }
    }
  }

  /// Whether sums can begin with C, or have it added as they are stored, without factors: C is a row for all rows, or
  /// lies as the output does.
  private func startsOrEnds(_ c: (elements: UnsafePointer<Float>, rowStep: Int, columnStep: Int)?) -> Bool {
    guard geometry.alpha == 1 else { return false }
    guard let c = unsafe c else { return true }
    let (rowStep, columnStep) = unsafe (c.rowStep, c.columnStep)
    return geometry.beta == 1 && columnStep == 1 && (rowStep == 0 || rowStep == geometry.columns)
  }

  /// Lets sums go to rows of the output, from a column on.
  private func direct(
    _ task: inout kernels_sums, to output: UnsafeMutablePointer<Float>,
    _ c: (elements: UnsafePointer<Float>, rowStep: Int)?
  ) {
    func images(_ elements: UnsafeMutablePointer<Float>) -> kernels_images {
      unsafe kernels_images(elements: elements, image_stride: 0, block_stride: Int64(lanes))
    }
    unsafe task.output = images(output)
    unsafe task.pixel_step = Int64(geometry.columns)
    guard let c = unsafe c else { return }
    if unsafe c.rowStep == 0 {
      unsafe task.bias = c.elements
    } else {
      unsafe task.residual = images(UnsafeMutablePointer(mutating: c.elements))
    }
  }

  /// Brings the sums of a block to the rows of the output, with factors and C.
  private func storeRows(
    _ range: Range<Int>, of block: Int, _ sums: UnsafePointer<Float>,
    _ c: (elements: UnsafePointer<Float>, rowStep: Int, columnStep: Int)?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let (first, column) = (range.lowerBound, block * lanes)
    unsafe table.pointee.store_rows(
      sums, Int64(range.count), Int64(columns.counts[block]), Float(geometry.alpha), Float(geometry.beta),
      c.map { unsafe $0.elements + (first * $0.rowStep + column * $0.columnStep) },
      Int64(c?.rowStep ?? 0), Int64(c?.columnStep ?? 0),
      output + (first * geometry.columns + column), Int64(geometry.columns))
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
