internal import CKernels

// Safe: sizes were checked where the graph was planned (`KernelSet`): windows are cut to the image, and copies in
// blocks are made for the extents of the images.

/// Windows and resampling: one block at a time. Planes are brought into blocks before, and back.
extension TableKernels {
  func maxPool(
    _ window: Window, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    guard unsafe window.fitsBlocks(input.extent) else {
      unsafe reference.maxPool(window, input, into: output, threads: threads)
      return
    }
    unsafe forEachBlock(input, output, threads) { source, target, input, output in
      var window = unsafe kernels_window(window, input, output: output.extent)
      unsafe self.table.pointee.max_pool(&window, source, target)
    }
  }

  func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Float>, into output: FeatureMap<Float>,
    threads: ThreadPool
  ) {
    guard unsafe window.fitsBlocks(input.extent) else {
      unsafe reference.averagePool(
        window, countsPadding: countsPadding, input, into: output, threads: threads)
      return
    }
    let padding = window.padding
    unsafe forEachBlock(input, output, threads) { source, target, input, output in
      var window = unsafe kernels_window(window, input, output: output.extent)
      unsafe self.table.pointee.average_pool(
        &window, countsPadding ? 1 : 0, Int32(padding.bottom), Int32(padding.right), source, target)
    }
  }

  func globalAveragePool(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    guard unsafe input.lanes > 1 else {
      let size = unsafe input.planeSize
      unsafe threads.parallelRanges(input.planeCount, least: max(1, Self.leastTask / max(1, size))) {
        planes, _ in
        for plane in planes {
          unsafe output.plane(plane)[0] = unsafe self.table.pointee.mean_plane(
            input.plane(plane), Int64(size))
        }
      }
      return
    }
    unsafe forEachBlock(input, output, threads) { source, target, input, _ in
      unsafe self.table.pointee.mean(source, Int64(input.planeSize), target)
    }
  }

  func resize(
    _ resampling: Resampling, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    guard resampling.fitsBlocks else {
      unsafe reference.resize(resampling, input, into: output, threads: threads)
      return
    }
    let (rows, columns) = (resampling.rows.narrow, resampling.columns.narrow)
    unsafe forEachBlock(input, output, threads) { source, target, input, output in
      unsafe self.table.pointee.resize(
        source, Int64(input.extent.width), target, Int64(output.extent.height), Int64(output.extent.width),
        rows.lower, rows.upper, resampling.isLinear ? rows.fraction : nil,
        columns.lower, columns.upper, resampling.isLinear ? columns.fraction : nil)
    }
  }

  /// For images so large that 32-bit numbers do not hold their places. They lie in planes.
  private var reference: ReferenceKernels<Float> { ReferenceKernels() }

  /// Calls `body` for each block with its input and output.
  private func forEachBlock(
    _ input: FeatureMap<Float>, _ output: FeatureMap<Float>, _ threads: ThreadPool,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, FeatureMap<Float>, FeatureMap<Float>) -> Void
  ) {
    guard unsafe input.lanes > 1 else {
      unsafe forEachBlockOfPlanes(input, output, threads, body)
      return
    }
    let blocks = unsafe input.channels / lanes
    let sizes = unsafe (input.planeSize * lanes, output.planeSize * lanes)
    let least = max(1, Self.leastTask / max(1, sizes.0))
    unsafe threads.parallelRanges(input.batch * blocks, least: least) { range, _ in
      for index in range {
        let (image, block) = (index / blocks, index % blocks)
        unsafe body(
          input.elements + (image * input.batchStride + block * sizes.0),
          output.elements + (image * output.batchStride + block * sizes.1), input, output)
      }
    }
  }

  private func forEachBlockOfPlanes(
    _ input: FeatureMap<Float>, _ output: FeatureMap<Float>, _ threads: ThreadPool,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, FeatureMap<Float>, FeatureMap<Float>) -> Void
  ) {
    let blocks = unsafe ChannelBlocks(channels: input.channels, lanes: lanes)
    let source = unsafe BlockedCopy(input, blocks)
    let target = unsafe BlockedCopy(output, blocks)
    unsafe reorder(input, nil, into: source.map, blocks, threads: threads)
    unsafe forEachBlock(source.map, target.map, threads, body)
    unsafe reorder(target.map, blocks, into: output, nil, threads: threads)
    withExtendedLifetime((source, target)) {}
  }
}

/// Room for images in blocks.
@safe private final class BlockedCopy {
  let map: FeatureMap<Float>
  private let buffer: FloatBuffer

  init(_ planes: FeatureMap<Float>, _ blocks: ChannelBlocks) {
    buffer = unsafe FloatBuffer(count: planes.batch * blocks.paddedChannels * planes.planeSize)
    unsafe map = unsafe FeatureMap(
      buffer.elements, batch: planes.batch, channels: blocks.paddedChannels, extent: planes.extent,
      lanes: blocks.lanes)
  }
}
