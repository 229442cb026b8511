internal import CKernels

// Safe: the table is a constant of the C code; sizes were checked where the graph was planned (`KernelSet`): images
// have the extents that were given.

/// The fast kernels: the C code of one instruction set, with everything around it.
@safe final class TableKernels: BlockedKernelSet, @unchecked Sendable {
  typealias Scalar = Float

  let table: UnsafePointer<kernels_table>
  let name: String
  let lanes: Int

  init(_ table: UnsafePointer<kernels_table>) {
    unsafe self.table = table
    name = unsafe String(cString: table.pointee.name)
    lanes = unsafe Int(table.pointee.lanes)
  }

  var blocked: (any BlockedKernelSet<Float>)? { self }

  /// Elements that are worth a task of their own.
  static let leastTask = 8 * 1024

  func readsPlanes(_ geometry: Convolution) -> Bool {
    geometry.groups == 1 && geometry.inputChannels <= 4 && [1, 2, 4].contains(geometry.window.strides.width)
      && geometry.output.area > 0
  }

  func blockedConvolution(
    _ geometry: Convolution, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    input: ChannelBlocks?, threads: ThreadPool?
  ) -> any BlockedConvolution<Float> {
    if TableGroups.compute(geometry, input, lanes: lanes) {
      return unsafe TableGroups(table, geometry, weights: weights, bias: bias)
    }
    return unsafe TableConvolution(
      table, geometry, weights: weights, bias: bias, input: input, threads: threads)
  }

  func convolution(
    _ geometry: Convolution, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?
  ) -> any PreparedConvolution<Float> {
    unsafe ReorderingConvolution(self, geometry, weights: weights, bias: bias)
  }

  func matrixProduct(_ geometry: MatrixProduct, b: UnsafePointer<Float>) -> any PreparedMatrixProduct<Float> {
    unsafe TableMatrixProduct(table, geometry, b: b)
  }

  func reorder(
    _ input: FeatureMap<Float>, _ from: ChannelBlocks?, into output: FeatureMap<Float>, _ to: ChannelBlocks?,
    threads: ThreadPool
  ) {
    let area = unsafe input.planeSize
    let batch = unsafe input.batch
    switch (from, to) {
    case (nil, let to?):
      let starts = Self.starts(to)
      threads.parallelRanges(batch * to.counts.count, least: max(1, Self.leastTask / (area * lanes + 1))) {
        range, _ in
        for index in range {
          let (image, block) = (index / to.counts.count, index % to.counts.count)
          let planes = unsafe input.elements + (image * input.batchStride + starts[block] * area)
          let target = unsafe output.elements + (image * output.batchStride + block * area * self.lanes)
          unsafe self.table.pointee.block(planes, Int64(area), Int64(to.counts[block]), target, Int64(area))
        }
      }
    case (let from?, nil):
      let starts = Self.starts(from)
      threads.parallelRanges(batch * from.counts.count, least: max(1, Self.leastTask / (area * lanes + 1))) {
        range, _ in
        for index in range {
          let (image, block) = (index / from.counts.count, index % from.counts.count)
          let source = unsafe input.elements + (image * input.batchStride + block * area * self.lanes)
          let planes = unsafe output.elements + (image * output.batchStride + starts[block] * area)
          unsafe self.table.pointee.unblock(
            source, Int64(from.counts[block]), planes, Int64(area), Int64(area))
        }
      }
    case (let from?, let to?):
      let (sources, targets) = (from.places, to.places)
      threads.parallelRanges(batch, least: 1) { range, _ in
        for image in range {
          let source = unsafe input.elements + image * input.batchStride
          let target = unsafe output.elements + image * output.batchStride
          for index in 0..<to.paddedChannels * area { unsafe target[index] = 0 }
          for (one, other) in zip(sources, targets) {
            let place = unsafe source + (one / self.lanes * area * self.lanes + one % self.lanes)
            let result = unsafe target + (other / self.lanes * area * self.lanes + other % self.lanes)
            for pixel in 0..<area { unsafe result[pixel * self.lanes] = unsafe place[pixel * self.lanes] }
          }
        }
      }
    case (nil, nil):
      for image in 0..<batch {
        unsafe (output.elements + image * output.batchStride).update(
          from: input.elements + image * input.batchStride, count: input.channels * area)
      }
    }
  }

  /// The first channel of each block.
  private static func starts(_ blocks: ChannelBlocks) -> [Int] {
    var next = 0
    return blocks.counts.map { count in
      defer { next += count }
      return next
    }
  }
}
