internal import CKernels

// Safe: sizes were checked where the graph was planned (`KernelSet`): runs are parts of the images' elements, and
// each task writes its own.

/// Element-wise operations: the same for planes and for blocks, but that a number for each channel is a vector there.
extension TableKernels {
  func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let function = kernels_function(function)
    unsafe forEachRun(input, output, threads) { source, target, count in
      unsafe self.table.pointee.apply(function, source, target, Int64(count))
    }
  }

  /// Cuts images into runs of neighbouring elements.
  private func forEachRun(
    _ input: FeatureMap<Float>, _ output: FeatureMap<Float>, _ threads: ThreadPool,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    let size = unsafe input.channels * input.planeSize
    let batch = unsafe input.batch
    guard size > 0 else { return }
    // Parts begin at whole vectors.
    let parts = max(1, min(size / Self.leastTask, threads.count * 4))
    let vectors = (size + 15) / 16
    threads.parallelFor(batch * parts) { index, _ in
      let (image, part) = (index / parts, index % parts)
      let start = part * vectors / parts * 16
      let end = min(size, (part + 1) * vectors / parts * 16)
      guard start < end else { return }
      unsafe body(
        input.elements + (image * input.batchStride + start),
        output.elements + (image * output.batchStride + start),
        end - start)
    }
  }

  func scaleAndShift(
    _ input: FeatureMap<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, appliesReLU: Bool,
    into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let relu: Int32 = appliesReLU ? 1 : 0
    let area = unsafe input.planeSize
    let width = unsafe input.lanes
    let planes = unsafe input.channels / width
    let size = area * width
    unsafe threads.parallelRanges(input.batch * planes, least: max(1, Self.leastTask / max(1, size))) {
      range, _ in
      for index in range {
        let (image, plane) = (index / planes, index % planes)
        let source = unsafe input.elements + (image * input.batchStride + plane * size)
        let target = unsafe output.elements + (image * output.batchStride + plane * size)
        if width == 1 {
          unsafe self.table.pointee.scale_plane(scale[plane], shift[plane], relu, source, target, Int64(area))
        } else {
          unsafe self.table.pointee.scale_block(
            scale + plane * width, shift + plane * width, relu, source, target, Int64(area))
        }
      }
    }
  }

  func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Float>,
    threads: ThreadPool
  ) {
    let number = function.number
    let relu: Int32 = appliesReLU ? 1 : 0
    if let swapped = repeatsVector(broadcasting) {
      // A vector for each block: the last two axes are pixels and lanes.
      let axis = broadcasting.dimensions.count - 2
      let pixels = broadcasting.dimensions[axis]
      let blocks = broadcasting.runCount / pixels
      threads.parallelRanges(blocks, least: max(1, Self.leastTask / (pixels * lanes))) { range, _ in
        for block in range {
          let offsets = broadcasting.offsets(ofRun: block * pixels)
          let one = unsafe swapped ? right + offsets.right : left + offsets.left
          let repeated = unsafe swapped ? left + offsets.left : right + offsets.right
          unsafe self.table.pointee.combine_block(
            number, one, repeated, swapped ? 1 : 0, relu, output + offsets.output, Int64(pixels))
        }
      }
      return
    }
    let length = broadcasting.runLength
    let axis = broadcasting.dimensions.count - 1
    let steps = (Int64(broadcasting.leftStrides[axis]), Int64(broadcasting.rightStrides[axis]))
    precondition(length == 1 || broadcasting.outputStrides[axis] == 1)
    // Long runs are cut, short ones are gathered.
    let parts = max(1, length / Self.leastTask)
    threads.parallelRanges(broadcasting.runCount * parts, least: max(1, Self.leastTask / max(1, length))) {
      range, _ in
      for index in range {
        let offsets = broadcasting.offsets(ofRun: index / parts)
        let start = index % parts * length / parts
        let end = (index % parts + 1) * length / parts
        unsafe self.table.pointee.combine(
          number, left + (offsets.left + start * Int(steps.0)), steps.0,
          right + (offsets.right + start * Int(steps.1)), steps.1, relu, output + (offsets.output + start),
          Int64(end - start))
      }
    }
  }

  /// Whether one operand is a vector of lanes that repeats for each pixel: false if it is the right one, true if it is
  /// the left one.
  private func repeatsVector(_ broadcasting: Broadcasting) -> Bool? {
    let axis = broadcasting.dimensions.count - 2
    guard axis >= 0, broadcasting.dimensions[axis + 1] == lanes, broadcasting.outputStrides[axis] == lanes,
      broadcasting.outputStrides[axis + 1] == 1, broadcasting.leftStrides[axis + 1] == 1,
      broadcasting.rightStrides[axis + 1] == 1
    else { return nil }
    if broadcasting.leftStrides[axis] == lanes && broadcasting.rightStrides[axis] == 0 { return false }
    if broadcasting.rightStrides[axis] == lanes && broadcasting.leftStrides[axis] == 0 { return true }
    return nil
  }

  func softmax(
    _ input: UnsafePointer<Float>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    threads.parallelRanges(outer * inner, least: max(1, Self.leastTask / max(1, count))) { rows, _ in
      let line = FloatBuffer(count: count)
      defer { withExtendedLifetime(line) {} }
      for row in rows {
        let start = row / inner * count * inner + row % inner
        unsafe self.table.pointee.softmax(
          input + start, Int64(inner), Int64(count), output + start, line.elements)
      }
    }
  }

  func normalizeRows(
    _ normalization: RowNormalization, _ input: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
    shift: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    let count = normalization.count
    threads.parallelRanges(normalization.rows, least: max(1, Self.leastTask / max(1, count))) { rows, _ in
      for row in rows {
        unsafe self.table.pointee.normalize(
          input + row * count, Int64(count), normalization.subtractsMean ? 1 : 0, normalization.epsilon,
          scale,
          shift, output + row * count)
      }
    }
  }
}
