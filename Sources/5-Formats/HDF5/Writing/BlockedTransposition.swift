import FileIO
import ModelIR

// Safe: the staging buffer has room for a block, and a place is written only if its row is one of the chunk's, for
// which the buffer was made.

/// A tensor whose last axis is the outermost one in storage, as a convolution's weight read as [height, width, in,
/// out] from [out, in, height, width]: read along storage and put into place block by block, so that neither side is
/// walked across the grain.
struct BlockedTransposition: Sendable {
  private let tensor: Tensor
  /// The same elements in the order of storage: columns outermost.
  private let source: Tensor
  /// The extent of the last axis.
  private let columns: Int
  /// For each position within a column, in the order of storage, the row that it has in the result.
  private let rows: [Int32]

  /// Columns that are read before they are put into place: two cache lines of float32.
  private static let blockColumns = 32
  /// Elements of a column that are read at a time: `blockColumns` of them stay in the second-level cache.
  private static let blockRows = 2048
  /// Elements of the result that are put together at a time.
  private static let chunkElements = 1 << 20

  /// Nil if the tensor is not of that kind.
  init?(_ tensor: Tensor) {
    let axes = tensor.shape.dimensions.indices.filter { tensor.shape[$0] != 1 }
    let order = axes.sorted { tensor.strides[$0] > tensor.strides[$1] }
    guard let last = axes.last, axes.count > 1, order.first == last, tensor.elementCount > 0,
      tensor.dataType == .float32 || tensor.dataType == .float16
    else { return nil }
    var expected = 1
    for axis in order.reversed() {
      guard tensor.strides[axis] == expected else { return nil }
      expected *= tensor.shape[axis]
    }
    self.tensor = tensor
    columns = tensor.shape[last]
    let count = tensor.elementCount / columns
    guard count <= Int(Int32.max) else { return nil }
    let units = tensor.shape.dimensions.indices.filter { tensor.shape[$0] == 1 }
    source = tensor.transposed(order + units)
    // Steps of the result's rows along the axes in the order of storage.
    var steps = [Int](repeating: 0, count: tensor.shape.rank)
    var step = 1
    for axis in axes.dropLast().reversed() {
      steps[axis] = step
      step *= tensor.shape[axis]
    }
    rows = Self.rows(
      extents: order.dropFirst().map { tensor.shape[$0] }, steps: order.dropFirst().map { steps[$0] })
  }

  private static func rows(extents: [Int], steps: [Int]) -> [Int32] {
    var rows: [Int32] = [0]
    for (extent, step) in zip(extents, steps) {
      rows = rows.flatMap { base in (0..<extent).map { base + Int32($0 * step) } }
    }
    return rows
  }

  /// The rows of the result in pieces of bounded size.
  var chunks: [Range<Int>] {
    let length = max(1, Self.chunkElements / columns)
    return stride(from: 0, to: rows.count, by: length).map { $0..<min($0 + length, rows.count) }
  }

  /// The number of bytes of some rows.
  func byteCount(_ chunk: Range<Int>) -> Int { chunk.count * columns * tensor.dataType.byteCount }

  /// Puts some rows, as little-endian bytes, at the beginning of `buffer`.
  func fill(_ buffer: ChunkBuffer, rows chunk: Range<Int>) -> Result<Void, ScaleNetError> {
    buffer.reserve(byteCount(chunk))
    let staging = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: Self.blockColumns * (min(rows.count, Self.blockRows) + Self.padding))
    defer { unsafe staging.deallocate() }
    do throws(ScaleNetError) {
      unsafe try fill(&buffer.bytes, rows: chunk, staging)
      try tensor.checkIntact()
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  /// Keeps staged columns from sharing cache sets where a column's size is a power of two.
  private static let padding = 16

  /// Puts the rows of `chunk` into `bytes`.
  private func fill(
    _ bytes: inout [UInt8], rows chunk: Range<Int>, _ staging: UnsafeMutableBufferPointer<Float>
  ) throws(ScaleNetError) {
    // What lies outside holds nothing of the chunk.
    let isWhole = chunk.count == rows.count
    let low = isWhole ? 0 : rows.firstIndex { chunk.contains(Int($0)) } ?? 0
    let high = isWhole ? rows.count : (rows.lastIndex { chunk.contains(Int($0)) } ?? -1) + 1
    let stagingStep = staging.count / Self.blockColumns
    do {
      try unsafe bytes.withUnsafeMutableBytes { target in
        for column in stride(from: 0, to: columns, by: Self.blockColumns) {
          let columnCount = min(Self.blockColumns, columns - column)
          for row in stride(from: low, to: high, by: Self.blockRows) {
            let part = row..<min(row + Self.blockRows, high)
            for index in 0..<columnCount {
              try unsafe source.readFloats(
                from: (column + index) * rows.count + part.lowerBound,
                into: UnsafeMutableBufferPointer(
                  rebasing: staging[index * stagingStep..<index * stagingStep + part.count]))
            }
            let block = unsafe Block(
              staging: UnsafePointer(staging.baseAddress!), step: stagingStep, column: column,
              columnCount: columnCount, part: part, chunk: chunk)
            if tensor.dataType == .float16 {
              unsafe place(block, in: target.assumingMemoryBound(to: UInt16.self)) { Float16($0).bitPattern }
            } else {
              unsafe place(block, in: target.assumingMemoryBound(to: Float.self)) { $0 }
            }
          }
        }
      }
    } catch {
      throw error as! ScaleNetError
    }
  }

  /// Columns that were read, and where they belong.
  @unsafe private struct Block {
    let staging: UnsafePointer<Float>
    let step: Int
    let column: Int
    let columnCount: Int
    let part: Range<Int>
    let chunk: Range<Int>
  }

  @inline(__always)
  private func place<Element: BitwiseCopyable>(
    _ block: Block, in target: UnsafeMutableBufferPointer<Element>, convert: (Float) -> Element
  ) {
    for row in unsafe block.part {
      let place = unsafe Int(rows[row]) - block.chunk.lowerBound
      guard unsafe place >= 0 && place < block.chunk.count else { continue }
      let source = unsafe block.staging + (row - block.part.lowerBound)
      let destination = unsafe target.baseAddress! + (place * columns + block.column)
      for index in unsafe 0..<block.columnCount {
        unsafe destination[index] = convert(source[index * block.step])
      }
    }
  }
}
