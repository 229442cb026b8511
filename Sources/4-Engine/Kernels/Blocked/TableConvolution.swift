internal import CKernels

// Safe: weights and scratch memory are made for the geometry, sizes were checked where the graph was planned
// (`KernelSet`): images have the extents that it says.

/// A convolution of blocks of channels by the C kernels.
@safe final class TableConvolution: BlockedConvolution, @unchecked Sendable {
  private let table: UnsafePointer<kernels_table>
  private let geometry: Convolution
  private let tables: ConvolutionTables
  private let weights: FloatBuffer
  private let bias: FloatBuffer
  private let lanes: Int
  private let tile: Int
  private let grain: Grain
  /// Elements of scratch memory of a thread.
  private let scratchCount: Int

  /// Places, counted over all images or in each of them, and how many one task computes at most.
  private typealias Grain = (images: Int, count: Int, most: Int)

  /// Elements of scratch memory that tasks like to stay within: a part of the second-level cache.
  private static let scratchElements = 96 * 1024

  init(
    _ table: UnsafePointer<kernels_table>, _ geometry: Convolution, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, input: ChannelBlocks?, threads: ThreadPool?
  ) {
    unsafe self.table = table
    self.geometry = geometry
    lanes = unsafe Int(table.pointee.lanes)
    tile = unsafe Int(table.pointee.tile)
    let output = ChannelBlocks(channels: geometry.outputChannels, lanes: lanes)
    let method = ConvolutionMethod(geometry, isPlanar: input == nil, lanes: lanes, tile: tile)
    tables = ConvolutionTables(geometry, method, input: input, output: output)
    self.weights = FloatBuffer(uninitialized: tables.weightCount)
    unsafe tables.pack(weights, into: self.weights.elements, threads)
    self.bias = FloatBuffer(count: output.paddedChannels)
    if let bias = unsafe bias {
      for index in 0..<geometry.outputChannels { unsafe self.bias.elements[index] = unsafe bias[index] }
    }
    grain = Self.grain(of: geometry, tables, lanes: lanes, tile: tile)
    scratchCount = Self.scratchCount(of: tables, grain, lanes: lanes, tile: tile)
  }

  private static func grain(
    of geometry: Convolution, _ tables: ConvolutionTables, lanes: Int, tile: Int
  ) -> Grain {
    let output = geometry.output
    switch tables.method {
    case .pointwise:
      let depth = tables.input?.paddedChannels ?? 1
      return (geometry.batch, output.area, scratchElements / max(1, depth))
    case .rows:
      return (geometry.batch, output.height, tables.bandRows)
    case .gathered:
      let count = geometry.batch * output.area
      let units = tables.sections.map(\.units.count).max() ?? 1
      let depth = min(units, ConvolutionTables.chunkUnits) * lanes
      return (1, count, max(4 * tile, scratchElements / max(1, depth)))
    case .winograd:
      let count = ((output.height + 1) / 2) * ((output.width + 1) / 2)
      let depth = 16 * (tables.input?.paddedChannels ?? 1)
      return (geometry.batch, count, min(64, max(tile, 2 * scratchElements / depth)))
    }
  }

  /// Equal parts of the places, as many for each thread.
  private func parts(threads: Int) -> Int {
    let (images, count, most) = grain
    let least = tables.method == .rows ? most : max(most, tile)
    var parts = max(1, (count + least - 1) / least)
    if images * parts > threads, images % threads != 0 { parts = (parts + threads - 1) / threads * threads }
    return min(parts, max(1, count))
  }

  private static func scratchCount(
    of tables: ConvolutionTables, _ grain: Grain, lanes: Int, tile: Int
  ) -> Int {
    let size = min(grain.count, max(grain.most, tile))
    let count =
      switch tables.method {
      case .pointwise:
        0
      case .rows:
        (tables.sections.map(\.inputBlocks.count).max() ?? 0) * tables.planeStride
      case .gathered:
        size
          * (min(tables.sections.map(\.units.count).max() ?? 0, ConvolutionTables.chunkUnits)
            + tables.output.counts.count) * lanes
      case .winograd:
        size * (16 * (tables.input?.counts.count ?? 0) + 32) * lanes
      }
    return (count + 15) / 16 * 16
  }

  func workspaceCount(threads: Int) -> Int { threads * scratchCount }

  func run(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, residual: FeatureMap<Float>?,
    function: FusedFunction?, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    let (images, count, _) = grain
    let parts = parts(threads: threads.count)
    let sections = tables.sections
    let tasks = images * parts * sections.count
    // Few tasks for many threads: the output's channels are divided too. Winograd transforms its input for each share.
    let wanted = threads.count == 1 ? 1 : (tables.method == .winograd ? 1 : 2) * threads.count
    let shares = max(1, (wanted + tasks - 1) / tasks)
    var window = unsafe kernels_window(geometry, input, lanes: lanes)
    let target = unsafe kernels_images(output)
    let added = unsafe residual.map { unsafe kernels_images($0) } ?? kernels_images()
    let function = kernels_function(function)
    unsafe tables.withPointers { runs, units, chunks in
      unsafe withUnsafePointer(to: &window) { window in
        threads.parallelFor(tasks * shares) { index, worker in
          let section = sections[index % sections.count]
          let share = index / sections.count % shares
          let task = index / (sections.count * shares)
          let pairs = (section.blocks.count + 1) / 2
          let firstBlock = min(share * pairs / shares * 2, section.blocks.count)
          let endBlock = min((share + 1) * pairs / shares * 2, section.blocks.count)
          guard firstBlock < endBlock else { return }
          var sums = unsafe kernels_sums(
            runs: runs + section.runs.lowerBound, run_count: Int64(section.runs.count),
            depth: Int64(section.depth),
            weights: self.weights.elements + section.weights,
            bias: self.bias.elements + section.blocks.lowerBound * self.lanes,
            blocks: Int64(section.blocks.count),
            output: target.from(section.blocks.lowerBound), residual: added.from(section.blocks.lowerBound),
            pixel_step: Int64(self.lanes), function: function)
          var window = unsafe window.pointee
          let (image, part) = (task / parts, task % parts)
          unsafe self.compute(
            section, &sums, &window, units + section.units.lowerBound, chunks + 3 * section.chunks.lowerBound,
            image: image, places: part * count / parts..<(part + 1) * count / parts,
            blocks: firstBlock..<endBlock,
            scratch: workspace + worker * self.scratchCount)
        }
      }
    }
  }

  /// Computes some places of an image, for some blocks of a section.
  private func compute(
    _ section: ConvolutionSection, _ sums: UnsafePointer<kernels_sums>,
    _ window: UnsafeMutablePointer<kernels_window>, _ units: UnsafePointer<kernels_unit>,
    _ chunks: UnsafePointer<Int64>, image: Int, places: Range<Int>, blocks: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let image = Int64(image)
    let (first, end) = (Int64(places.lowerBound), Int64(places.upperBound))
    let (firstBlock, endBlock) = (Int64(blocks.lowerBound), Int64(blocks.upperBound))
    let planes = Int64(section.inputBlocks.count)
    switch tables.method {
    case .pointwise:
      unsafe table.pointee.pointwise(sums, &window.pointee.input, image, first, end, firstBlock, endBlock)
    case .rows:
      unsafe window.pointee.input = window.pointee.input.from(section.inputBlocks.lowerBound)
      unsafe table.pointee.rows(
        sums, window, planes, Int64(tables.planeStride), Int64(tables.paddedColumns), image, first, end,
        firstBlock,
        endBlock, scratch)
    case .gathered:
      unsafe table.pointee.gathered(
        sums, window, units, chunks, Int64(section.chunks.count), first, end, firstBlock, endBlock, scratch)
    case .winograd:
      unsafe table.pointee.winograd(
        sums, window, planes, sums.pointee.weights, image, first, end, firstBlock, endBlock, scratch)
    }
  }
}
